"""Decides which counts of customers are shown; see the description in the .yml."""

from trajectories.warehouse.engines import engine_of

from trajectories.disclosure import judge_cells


def model(dbt, session):
    """Hide small counts, and those from which they could be computed."""
    cells = engine_of(session).table(dbt.ref("int_cells_counted"))
    return judge_cells(cells, int(dbt.config.meta_get("smallest_cell")))
