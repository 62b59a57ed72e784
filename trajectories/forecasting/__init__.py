"""Revenue forecasts per segment: models, their backtests, a gate, calibrated bands."""

from trajectories.forecasting.histories import rolling_histories
from trajectories.forecasting.judgement import judge_forecasts
from trajectories.forecasting.projections import FORECAST_MODELS, project_revenue

__all__ = ["FORECAST_MODELS", "judge_forecasts", "project_revenue", "rolling_histories"]
