"""Revenue forecasts per segment: models, their backtests, a gate, calibrated bands."""

from trajectories.forecasting.histories import rolling_histories
from trajectories.forecasting.judgement import judge_forecasts
from trajectories.forecasting.methods import forecast_models, projected_models
from trajectories.forecasting.projections import project_revenue

__all__ = [
    "forecast_models",
    "judge_forecasts",
    "project_revenue",
    "projected_models",
    "rolling_histories",
]
