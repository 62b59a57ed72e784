"""Lists the forecast models as people name them; see the .yml."""

from trajectories.forecasting import forecast_models


def model(dbt, session):
    """Return the registry of forecast models."""
    return forecast_models()
