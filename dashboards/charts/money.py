"""What the paths of a month were worth: those that gained and lost most."""

from markupsafe import Markup
from trajectories.dashboards.charts import matrices
from trajectories.dashboards.charts.flows import Paths
from trajectories.dashboards.looks import formats
from trajectories.dashboards.looks.template import Fragment, table
from trajectories.dashboards.marts.segmentations import Segments

CONTROLS = ("segmentation", "month", "cause")
MOST_PATHS = 10
KINDS = {
    "gain_rank": ("gains", "gained"),
    "loss_rank": ("losses", "lost"),
}
HEADERS = ["Path", "Cause", "Customers", "Change in revenue", "95 % interval"]


def blocks(groups: dict[tuple[str, ...], Paths], segments: Segments) -> list[Fragment]:
    """List the paths that changed revenue most, up and down, in two tables."""
    return [
        Fragment(
            name,
            {
                values: _listed(paths, rank, words, segments)
                for values, paths in groups.items()
            },
            CONTROLS,
        )
        for rank, (name, words) in KINDS.items()
    ]


def _listed(paths: Paths, rank: str, words: str, segments: Segments) -> Markup:
    ranked = [
        (getattr(row, rank), row)
        for row in paths.rows
        if row.is_shown and not formats.is_missing(getattr(row, rank))
    ]
    ranked.sort(key=lambda entry: entry[0])
    if not ranked:
        return Markup("")
    before, after = paths.ends(segments)
    body = [_row(row, before, after) for _, row in ranked[:MOST_PATHS]]
    number = "path" if len(body) == 1 else f"{len(body)} paths"
    caption = f"The {number} that {words} most in {paths.name} ({formats.unit()})"
    return table(caption, HEADERS, body, 2, is_stacked=True)


def _row(row: object, before: Segments, after: Segments) -> list[str]:
    return [
        f"{matrices.name(before, row.from_segment_id)} to"
        f" {matrices.name(after, row.to_segment_id)}",
        "" if formats.is_missing(row.cause) else row.cause,
        formats.count(row.customers),
        formats.whole_amount(row.revenue_change_amount),
        _interval(row.revenue_change_low_amount, row.revenue_change_high_amount),
    ]


def _interval(low: float | None, high: float | None) -> str:
    if formats.is_missing(low) or formats.is_missing(high):
        return formats.NOTHING
    return f"{formats.whole_amount(low)} to {formats.whole_amount(high)}"
