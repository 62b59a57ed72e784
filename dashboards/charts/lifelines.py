"""Life lines: what became of each segment, and which maps drew it."""

import pandas as pd
from markupsafe import Markup
from trajectories.dashboards.looks import formats, theme
from trajectories.dashboards.looks.template import table
from trajectories.dashboards.marts.segmentations import Segments

# Colours are for segments: events differ in their shape.
EVENTS = {
    "born": ("born", theme.Mark(theme.INK, marker="circle")),
    "split": ("split off from another", theme.Mark(theme.INK, marker="triangle-up")),
    "merged": ("merged into another", theme.Mark(theme.INK, marker="diamond")),
    "changed": (
        "changed (overlap of {least:g} to {surviving:g})",
        theme.Mark(theme.INK, marker="square"),
    ),
    "survived": (
        "survived (overlap of {surviving:g} or more)",
        theme.Mark(theme.INK, marker="circle-open"),
    ),
    "renamed": ("renamed", theme.Mark(theme.INK, marker="star")),
    "retired": ("retired", theme.Mark(theme.INK, marker="x")),
}
# Where two events share a place, the first of these is drawn.
DRAWN = ["retired", "merged", "born", "split", "changed", "survived", "renamed"]


def figure(
    segments: Segments,
    clusters: pd.DataFrame,
    events: pd.DataFrame,
    versions: pd.DataFrame,
    last: pd.Timestamp,
) -> tuple[theme.Figure, list[str]]:
    """Draw a line for each segment, and list the kinds of events on them.

    Args:
        segments: names and marks.
        clusters: rows of dim_segments to draw.
        events: of fct_segment_events, in the order of months.
        versions: the maps, for the months that are seen in hindsight.
        last: the latest month.
    """
    labels = {
        row.segment_id: formats.wrapped(_called(segments, row))
        for row in clusters.itertuples()
    }
    kinds, dots = _dots(segments, events, labels)
    happened = _happened(dots)
    lives = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": label,
            "x": (
                months := [*map(formats.month_key, (row.valid_from, _end(row, last)))]
            ),
            "y": [label] * 2,
            "line": {**segments.mark(row.segment_id).line, "width": 5},
            "hoverinfo": "skip",
            "meta": {
                "columns": [
                    ["Segment", [label]],
                    ["First month", months[:1]],
                    ["Last month", months[1:]],
                    ["What happened", [happened.get(label, "")]],
                ]
            },
        }
        for row in clusters.itertuples()
        for label in [labels[row.segment_id]]
    ]
    drawn = theme.figure(
        [*lives, *_kinships(events, labels), *dots],
        height=110 + 46 * len(clusters),
        lines=_hindsight_band(versions),
        x="Month",
        xaxis=theme.MONTHS,
        yaxis={
            **theme.DOWNWARDS,
            "categoryorder": "array",
            "categoryarray": list(labels.values()),
        },
    )
    return drawn, kinds


def explained(kind: str, events: pd.DataFrame) -> tuple[str, theme.Mark]:
    """Say what an event is, with the overlaps that decided it."""
    label, mark = EVENTS[kind]
    decided = events.iloc[0]
    least, surviving = decided["least_overlap"], decided["surviving_overlap"]
    return label.format(least=least, surviving=surviving), mark


def _called(segments: Segments, row: object) -> str:
    """Call a segment by its number and its name."""
    return f"{row.segment_number} {segments.persona(row.segment_id)}"


def _end(row: object, last: pd.Timestamp) -> pd.Timestamp:
    """A line ends with its segment, or in the latest month."""
    if not formats.is_missing(row.valid_to):
        return row.valid_to
    return row.valid_from if formats.is_missing(last) else max(last, row.valid_from)


def _kinships(events: pd.DataFrame, labels: dict[str, str]) -> list[dict]:
    """Join a segment with the one that it was split off from, or merged into."""
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": "kin",
            "meta": False,
            "x": [formats.month_key(event.month)] * 2,
            "y": [labels[event.related_segment_id], labels[event.segment_id]],
            "line": {"color": theme.MUTED, "dash": "dot", "width": 1},
            "hoverinfo": "skip",
        }
        for event in events.itertuples()
        if event.segment_id in labels and event.related_segment_id in labels
    ]


def _dots(
    segments: Segments, events: pd.DataFrame, labels: dict[str, str]
) -> tuple[list[str], list[dict]]:
    """Draw one dot where anything happened; its hover says all of it."""
    events = events[events["segment_id"].isin(list(labels))]
    places: dict[str, list[tuple[str, str, str]]] = {}
    for (month, identity), rows in events.groupby(["month", "segment_id"]):
        said = "<br>".join(
            formats.plain(_sentence(segments, event)) for event in rows.itertuples()
        )
        kinds = [kind for kind in DRAWN if kind in set(rows["event"])]
        if kinds:
            place = (formats.month_key(month), labels[identity], said)
            places.setdefault(kinds[0], []).append(place)
    traces = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": kind,
            "meta": False,
            "x": [month for month, _, _ in found],
            "y": [label for _, label, _ in found],
            "text": [said for _, _, said in found],
            "marker": {
                **EVENTS[kind][1].point,
                "size": 11,
                "line": {"color": "white", "width": 1},
            },
            "hovertemplate": "%{y}<br>%{text}<extra></extra>",
        }
        for kind, found in places.items()
    ]
    return [kind for kind in EVENTS if kind in places], traces


def _happened(dots: list[dict]) -> dict[str, str]:
    """Say all that happened to each segment, by its label."""
    found: dict[str, list[tuple[str, str]]] = {}
    for trace in dots:
        for month, label, text in zip(
            trace["x"], trace["y"], trace["text"], strict=True
        ):
            found.setdefault(label, []).append((month, text.replace("<br>", ", ")))
    return {
        label: "; ".join(
            f"{formats.month(month)}: {said}" for month, said in sorted(all_)
        )
        for label, all_ in found.items()
    }


def _sentence(segments: Segments, event: object) -> str:
    """Say what happened, without numbers of customers."""
    # Who was split off left the segment as it was called before.
    then = segments.before if event.event == "split" else segments.at
    related = (
        "another segment"
        if formats.is_missing(event.related_segment_id)
        else then(event.month).name(event.related_segment_id)
    )
    if event.event == "renamed":
        before = _or_none(event.previous_persona)
        return f"renamed from {before} to {_or_none(event.persona)}"
    said = {
        "split": f"split off from {related}",
        "merged": f"merged into {related}",
    }.get(event.event, event.event)
    if formats.is_missing(event.overlap):
        return said
    return f"{said} (overlap {event.overlap:.2f})"


def _or_none(persona: str | None) -> str:
    return "no name" if formats.is_missing(persona) else str(persona)


def listed(segments: Segments, events: pd.DataFrame) -> Markup:
    """List what happened, the latest first; nothing, where nothing did."""
    if events.empty:
        return Markup("")
    body = [
        [
            f"{segments.at(event.month).name(event.segment_id)} ({event.segment_id})",
            formats.month(event.month),
            _sentence(segments, event),
        ]
        for event in events.sort_values("month", ascending=False).itertuples()
    ]
    caption = "What happened to each segment, the latest first"
    headers = ["Segment", "Month", "What happened"]
    return table(caption, headers, body, 3, is_stacked=True)


def maps(versions: pd.DataFrame) -> Markup:
    """List the maps; nothing, where none was drawn."""
    if versions.empty:
        return Markup("")
    body = [
        [
            formats.count(row.fit_number),
            _in_force(row),
            formats.day(row.fitted_to),
            formats.count(row.k),
            "" if formats.is_missing(row.refit_reason) else row.refit_reason,
        ]
        for row in versions.itertuples()
    ]
    headers = ["Map", "In force", "Drawn on data up to", "Segments", "Why"]
    return table("The maps", headers, body, 5, is_stacked=True)


def _in_force(version: object) -> str:
    if formats.is_missing(version.in_force_from):
        return "never"
    months = formats.month(version.in_force_from), formats.month(version.in_force_to)
    return " to ".join(dict.fromkeys(months))


def hindsight(versions: pd.DataFrame) -> str:
    """Say which months were scored by a map that was drawn after them."""
    first = _first(versions)
    if first is None:
        return ""
    return (
        f"Shaded: {formats.month(first.in_force_from)} to"
        f" {formats.month(first.fitted_to)} are scored by the first map, which was"
        f" drawn later, on data up to {formats.day(first.fitted_to)}. What is said of"
        " these months is hindsight."
    )


def _hindsight_band(versions: pd.DataFrame) -> list[dict]:
    first = _first(versions)
    if first is None:
        return []
    ends = first.in_force_from, first.fitted_to.replace(day=1)
    return [theme.upright_band(*map(formats.month_key, ends))]


def _first(versions: pd.DataFrame) -> object | None:
    """Find the first map, if it scores months before its fit."""
    known = versions.dropna(subset=["in_force_from", "fitted_to"])
    if known.empty:
        return None
    first = next(known.sort_values("in_force_from").itertuples())
    return first if first.fitted_to > first.in_force_from else None
