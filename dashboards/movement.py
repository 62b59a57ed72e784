"""Movement: who went where each month, and how stable the segments are."""

import pandas as pd

from dashboards import claims, formats, segmentations, theme
from dashboards.published import PublishedMarts
from dashboards.segmentations import Segments
from dashboards.template import (
    Chart,
    Control,
    Fragment,
    Page,
    Section,
    State,
    legend,
    table,
)

FILE, TITLE = "movement.html", "Movement"
CONTROLS = ("segmentation", "month")

ENTERED, LEFT = "(entered)", "(left)"
OUTSIDE_NAMES = {ENTERED: "Entered", LEFT: "Left"}
OUTSIDE_MARK = theme.Mark("#5f6b7a")

LINES = {
    "stay_share": ("stayed in their segment", theme.MEASURED),
    "chance_stay_share": ("would stay by chance", theme.EXPECTED),
    "ari_frozen": ("agreement of the two months (ARI)", theme.mark(3)),
    "ari_refit": ("agreement after a refit (ARI)", theme.mark(4)),
}


def build(marts: PublishedMarts) -> Page:
    """Build the movement page."""
    segments = Segments(marts)
    moves = _moves(marts)
    if moves.empty:
        return Page(FILE, TITLE, "No month-to-month movement is known yet.", [])
    names = segmentations.ordered(moves["segmentation"])
    keys = sorted(
        {(row.segmentation, row.month) for row in moves.itertuples()},
        key=lambda values: values[1],
        reverse=True,
    )
    keys.sort(key=lambda values: names.index(values[0]))
    months = sorted({month for _, month in keys}, reverse=True)
    groups = dict(list(moves.groupby(["segmentation", "month"])))
    return Page(
        file=FILE,
        title=TITLE,
        introduction=(
            "Where the customers of each segment were a month later. Entered: in no"
            " segment the month before; left: in none any more."
        ),
        banners=segmentations.structure_banner(marts),
        controls=[
            segmentations.control(names),
            Control(
                "month",
                "Month",
                "select",
                [(month, formats.month(month)) for month in months],
                keys[0][1],
            ),
        ],
        sections=[
            Section(
                "Who went where",
                [_sankey(marts, groups, segments), _heatmap(marts, groups, segments)],
                is_wide=True,
            ),
            Section(
                "Money on the move", [_money(marts, groups, segments)], is_wide=True
            ),
            Section(
                "Stability",
                [claims.quoted(marts, "stability", names), _stability(marts, names)],
                is_wide=True,
            ),
        ],
        available=keys,
    )


def _moves(marts: PublishedMarts) -> pd.DataFrame:
    """Add up the causes: one row per segmentation, month and pair of segments."""
    moves = marts.read("marts.fct_segment_migrations")
    moves["from_segment_id"] = moves["from_segment_id"].fillna(ENTERED)
    moves["to_segment_id"] = moves["to_segment_id"].fillna(LEFT)
    moves["month"] = [formats.month_key(month) for month in moves["month"]]
    keys = ["segmentation", "month", "from_segment_id", "to_segment_id"]
    amounts = [
        "customers",
        "revenue_before_amount",
        "revenue_after_amount",
        "revenue_change_amount",
    ]
    moves = moves.groupby(keys, as_index=False)[amounts].sum()
    return moves[moves["customers"] > 0]


def _name(segments: Segments, identity: str) -> str:
    return OUTSIDE_NAMES.get(identity) or segments.name(identity)


def _sorted(nodes: set[str], segments: Segments) -> list[str]:
    """Sort segments in their usual order; entered and left come last."""
    return sorted(
        nodes, key=lambda node: (node in OUTSIDE_NAMES, segments.place(node), node)
    )


def _finding(rows: pd.DataFrame, segments: Segments, smallest_cell: int) -> str:
    """Say how many stayed and which move was the largest."""
    inside = rows[
        (rows["from_segment_id"] != ENTERED) & (rows["to_segment_id"] != LEFT)
    ]
    month = formats.month(rows["month"].iloc[0])
    total = inside["customers"].sum()
    if total < smallest_cell:
        return (
            f"{month}: {formats.few(smallest_cell)} customers were in a segment before"
        )
    stays = inside["from_segment_id"] == inside["to_segment_id"]
    text = (
        f"{month}: {formats.share(inside.loc[stays, 'customers'].sum() / total)} stayed"
    )
    moved = inside[~stays & (inside["customers"] >= smallest_cell)]
    if moved.empty:
        return text
    largest = moved.loc[moved["customers"].idxmax()]
    return (
        f"{text}; the largest move was {_name(segments, largest['from_segment_id'])}"
        f" to {_name(segments, largest['to_segment_id'])}"
        f" ({formats.count(largest['customers'])} customers)"
    )


def _hidden_note(rows: pd.DataFrame, smallest_cell: int) -> str:
    hidden = int((rows["customers"] < smallest_cell).sum())
    if hidden == 0:
        return ""
    few = formats.few(smallest_cell)
    return f"Not drawn: {formats.counted(hidden, 'path')} with {few} customers."


def _sankey(marts: PublishedMarts, groups: dict, segments: Segments) -> Chart:
    states = {
        values: _sankey_state(rows, segments, marts.smallest_cell)
        for values, rows in groups.items()
    }
    return Chart("sankey", states, CONTROLS)


def _sankey_state(rows: pd.DataFrame, segments: Segments, smallest_cell: int) -> State:
    title = _finding(rows, segments, smallest_cell)
    note = _hidden_note(rows, smallest_cell)
    shown = rows[rows["customers"] >= smallest_cell]
    if shown.empty:
        return State(title, note=note)
    starts = _sorted(set(shown["from_segment_id"]), segments)
    ends = _sorted(set(shown["to_segment_id"]), segments)
    nodes = starts + ends
    marks = [
        OUTSIDE_MARK if node in OUTSIDE_NAMES else segments.mark(node) for node in nodes
    ]
    places = {node: place for place, node in enumerate(starts)}
    trace = {
        "type": "sankey",
        "arrangement": "fixed",
        "node": {
            "label": [formats.plain(_name(segments, node)) for node in nodes],
            "color": [mark.colour for mark in marks],
            "pad": 14,
            "thickness": 14,
            "line": {"width": 0},
            "hovertemplate": "%{label}: %{value:,} customers<extra></extra>",
        },
        "link": {
            "source": [places[node] for node in shown["from_segment_id"]],
            "target": [len(starts) + ends.index(n) for n in shown["to_segment_id"]],
            "value": [int(customers) for customers in shown["customers"]],
            "color": [
                theme.fade(marks[places[node]].colour, 0.35)
                for node in shown["from_segment_id"]
            ],
            "hovertemplate": "%{source.label} to %{target.label}:"
            " %{value:,} customers<extra></extra>",
        },
        "valueformat": ",",
    }
    height = 160 + 42 * max(len(starts), len(ends))
    drawn = theme.figure([trace], height=height)
    note = f"Left: the month before; right: this month. {note}"
    return State(title, [drawn], note=note)


def _heatmap(marts: PublishedMarts, groups: dict, segments: Segments) -> Chart:
    states = {
        values: _heatmap_state(rows, segments, marts.smallest_cell)
        for values, rows in groups.items()
    }
    return Chart("heatmap", states, CONTROLS)


def _heatmap_state(rows: pd.DataFrame, segments: Segments, smallest_cell: int) -> State:
    ends = _sorted(set(rows["to_segment_id"]), segments)
    # Every numbered column has its row, also when nobody was there before.
    starts = _sorted({*rows["from_segment_id"], *ends} - {LEFT}, segments)
    cells = rows.pivot(
        index="from_segment_id", columns="to_segment_id", values="customers"
    )
    cells = cells.reindex(index=starts, columns=ends).fillna(0)
    totals = cells.sum(axis=1)
    shown = cells.where((cells == 0) | (cells >= smallest_cell))
    shares = 100 * shown.div(totals.where(totals >= smallest_cell), axis=0)
    texts = [
        [
            _cell_text(count, share, smallest_cell)
            for count, share in zip(*row, strict=True)
        ]
        for row in zip(shown.to_numpy(), shares.to_numpy(), strict=True)
    ]
    columns = [formats.plain(_name(segments, node)) for node in ends]
    lines = [formats.plain(_name(segments, node)) for node in starts]
    trace = {
        "type": "heatmap",
        "x": columns,
        "y": lines,
        "z": [formats.rounded(row, 1) for row in shares.to_numpy()],
        "text": texts,
        "customdata": [formats.rounded(row, 0) for row in shown.to_numpy()],
        "texttemplate": "%{text}",
        "textfont": {"size": 11},
        "colorscale": theme.SCALE,
        "zmin": 0,
        "zmax": 100,
        "xgap": 2,
        "ygap": 2,
        "showscale": False,
        "hoverongaps": False,
        "hovertemplate": "%{y} to %{x}: %{z} %, %{customdata:,} customers"
        "<extra></extra>",
    }
    drawn = theme.figure(
        [trace],
        x="Segment this month (number)",
        y="Segment the month before",
        height=110 + 42 * len(starts),
        xaxis={
            "side": "top",
            "ticks": "",
            "type": "category",
            "tickvals": columns,
            "ticktext": [_short_label(node, starts) for node in ends],
            "tickangle": 0,
        },
        yaxis={
            "autorange": "reversed",
            "ticks": "",
            "showgrid": False,
            "type": "category",
            "tickvals": lines,
            "ticktext": [_long_label(node, starts, segments) for node in starts],
        },
    )
    title = _steadiest(shown, totals, segments, smallest_cell)
    note = (
        "Per cent of the customers of each row; columns carry the numbers of the rows."
        f" <{smallest_cell}: {formats.few(smallest_cell)} customers, not shown."
    )
    return State(title, [drawn], note=note)


def _short_label(node: str, nodes: list[str]) -> str:
    """Head a column: the number of its row, which leaves room on a phone."""
    return OUTSIDE_NAMES.get(node) or str(nodes.index(node) + 1)


def _long_label(node: str, nodes: list[str], segments: Segments) -> str:
    """Head a row: number and name."""
    if node in OUTSIDE_NAMES:
        return OUTSIDE_NAMES[node]
    return formats.wrapped(f"{nodes.index(node) + 1} {segments.name(node)}")


def _cell_text(count: float, share: float, smallest_cell: int) -> str:
    if formats.is_missing(count):
        return f"&lt;{smallest_cell}"
    if count == 0 or formats.is_missing(share):
        return ""
    return f"{share:.0f}" if share >= 1 else "&lt;1"


def _steadiest(
    shown: pd.DataFrame, totals: pd.Series, segments: Segments, smallest_cell: int
) -> str:
    """Say which segment keeps the largest and which the smallest share."""
    kept = {
        identity: shown.loc[identity, identity] / totals[identity]
        for identity in shown.index
        if identity in shown.columns
        and totals[identity] >= smallest_cell
        and not formats.is_missing(shown.loc[identity, identity])
    }
    if not kept:
        return "Share of each segment that went to each segment"
    most, least = max(kept, key=kept.get), min(kept, key=kept.get)
    text = f"Most stayed in {segments.name(most)} ({formats.share(kept[most])})"
    if most == least:
        return text
    return f"{text}, fewest in {segments.name(least)} ({formats.share(kept[least])})"


def _money(marts: PublishedMarts, groups: dict, segments: Segments) -> Fragment:
    states = {
        values: _money_table(rows, segments, marts.smallest_cell)
        for values, rows in groups.items()
    }
    return Fragment("money", states, CONTROLS)


def _money_table(rows: pd.DataFrame, segments: Segments, smallest_cell: int) -> object:
    moved = rows[
        (rows["from_segment_id"] != rows["to_segment_id"])
        & (rows["customers"] >= smallest_cell)
        & (rows["revenue_change_amount"] != 0)
    ]
    moved = moved.sort_values(
        "revenue_change_amount", key=lambda amounts: amounts.abs(), ascending=False
    ).head(10)
    body = [
        [
            f"{_name(segments, row.from_segment_id)} to"
            f" {_name(segments, row.to_segment_id)}",
            formats.count(row.customers),
            formats.amount(row.revenue_before_amount),
            formats.amount(row.revenue_after_amount),
            formats.amount(row.revenue_change_amount),
        ]
        for row in moved.itertuples()
    ]
    caption = (
        f"The {len(body)} moves in {formats.month(rows['month'].iloc[0])} that changed"
        " revenue most (amount of the month before and of this month)"
    )
    headers = ["Move", "Customers", "Revenue before", "Revenue after", "Change"]
    return table(caption, headers, body)


def _stability(marts: PublishedMarts, names: list[str]) -> Chart:
    stability = marts.read("marts.rpt_segment_stability")
    states = {}
    for name in names:
        rows = stability[stability["segmentation"] == name].sort_values("month")
        small = (rows["customers"] < marts.smallest_cell).fillna(False)
        stable = claims.threshold(marts, f"stability-{name}")
        states[(name,)] = _stability_state(rows[~small], stable)
    return Chart("stability", states, ("segmentation",))


def _verdict(month: pd.Series) -> str:
    """Say what is known of the customers and of the map; never of both together."""
    judged = {"Customers": "customers_verdict", "Map, refitted": "map_verdict"}
    return " ".join(
        f"{what}: {month[column]}."
        for what, column in judged.items()
        if not formats.is_missing(month[column])
    )


def _stability_state(rows: pd.DataFrame, stable: float | None) -> State:
    if rows.empty:
        return State("Stability has not been measured yet.")
    x = [formats.month_key(month) for month in rows["month"]]
    drawn_lines = {
        column: entry for column, entry in LINES.items() if rows[column].notna().any()
    }
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": formats.words(label),
            "x": x,
            "y": formats.rounded(rows[column].astype(float), 3),
            "line": mark.line,
            "marker": mark.point,
        }
        for column, (label, mark) in drawn_lines.items()
    ]
    drawn = theme.figure(
        traces,
        y="Share, or ARI, per month (0 to 1)",
        height=320,
        lines=[] if stable is None else [theme.level(stable)],
        xaxis=theme.MONTHS,
        yaxis={"range": [min(0, rows[list(drawn_lines)].min().min()) - 0.02, 1.02]},
    )
    last = rows.iloc[-1]
    title = (
        f"{formats.month(last['month'])}: {formats.share(last['stay_share'])} stayed in"
        f" their segment, {formats.share(last['chance_stay_share'])} would by chance"
    )
    verdict = _verdict(last)
    if stable is not None:
        verdict = (
            f"The thin line at {stable:g} is where segments count as stable. {verdict}"
        )
    key = legend((label, mark, "line") for label, mark in drawn_lines.values())
    return State(title, [drawn], legend=key, note=verdict)
