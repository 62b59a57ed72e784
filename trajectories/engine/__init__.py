"""Compiled kernels of the clustering: many series side by side, without dbt."""
