"""Trials: what is tried, the evidence, the choice, and the versions in time."""
