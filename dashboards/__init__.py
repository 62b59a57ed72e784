"""Static pages over the published marts: no server, no network, no write-back."""

from trajectories.dashboards.site import build_site

__all__ = ["build_site"]
