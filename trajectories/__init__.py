"""Trajectories: tells customers apart by how they behave over time.

Pure functions and scikit-learn style estimators on arrays and frames; nothing in
this package knows of dbt.
"""
