"""Revenue forecasts per segment: Prophet beside naive methods, and their backtest."""

from trajectories.forecasting.projections import MODELS, project_revenue

__all__ = ["MODELS", "project_revenue"]
