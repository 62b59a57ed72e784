"""Streams from places on the left to places on the right: where everything lies."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trajectories.dashboards.looks import formats, theme

# In pixels: what places of equal size are high, and the room between two of them.
PLACE_HEIGHT, APART = 34, 8
# In parts of the width, which is 100.
WIDTH, THICKNESS = 100, 2
LETTERS = 13
Stream = tuple[int, int]
Span = tuple[float, float]


@dataclass(frozen=True)
class Geometry:
    """Where places and streams lie, from the top down, in pixels.

    Attributes:
        height: of the whole picture.
        lefts, rights: top and bottom of each place.
        ribbons: of each stream, top and bottom where it leaves and where it arrives.
    """

    height: float
    lefts: list[Span]
    rights: list[Span]
    ribbons: dict[Stream, tuple[Span, Span]]


def laid_out(
    sizes: Mapping[Stream, float],
    rooms: tuple[Sequence[float], Sequence[float]],
) -> Geometry:
    """Lay out places and streams: as high as their sizes, and nothing on another.

    Args:
        sizes: of each stream, by the numbers of its left and its right place; every
            place has one.
        rooms: the least room that the label of each place needs, left and right.

    Returns:
        Places in the order of their numbers, and in each of them its streams in the
        order of their other ends.
    """
    sums = [[0.0] * len(side) for side in rooms]
    for ends, size in sizes.items():
        for side, place in enumerate(ends):
            sums[side][place] += size
    unit = PLACE_HEIGHT * max(map(len, rooms)) / sum(sizes.values())
    heights = [[unit * size for size in side] for side in sums]
    slots = [
        [max(height, room) + APART for height, room in zip(side, least, strict=True)]
        for side, least in zip(heights, rooms, strict=True)
    ]
    whole = max(map(sum, slots))
    spans = [
        _stacked(side, slot, whole) for side, slot in zip(heights, slots, strict=True)
    ]
    reached = [[top for top, _ in side] for side in spans]
    ribbons = {}
    for ends in sorted(sizes):
        tops = [reached[side][place] for side, place in enumerate(ends)]
        high = unit * sizes[ends]
        ribbons[ends] = tuple((top, top + high) for top in tops)
        for side, place in enumerate(ends):
            reached[side][place] += high
    return Geometry(whole, *spans, ribbons)


def _stacked(
    heights: Sequence[float], slots: Sequence[float], whole: float
) -> list[Span]:
    """Stack places over the whole height, each in the middle of its slot."""
    spans, top = [], 0.0
    spare = (whole - sum(slots)) / len(slots)
    for height, slot in zip(heights, slots, strict=True):
        start = top + (slot + spare - height) / 2
        spans.append((start, start + height))
        top += slot + spare
    return spans


def figure(
    customers: Mapping[Stream, int],
    names: tuple[Sequence[str], Sequence[str]],
    marks: tuple[Sequence[theme.Mark], Sequence[theme.Mark]],
) -> theme.Figure:
    """Draw customers as streams between named places, with cartesian axes alone.

    Args:
        customers: of each stream, by the numbers of its left and its right place.
        names: of the places, left and right, as in the data.
        marks: of the places, left and right; a stream has the colour of its start.
    """
    labels = [[textwrap.wrap(name, LETTERS) for name in side] for side in names]
    rooms = tuple([theme.LINE_HEIGHT * len(it) for it in side] for side in labels)
    laid = laid_out(customers, rooms)
    sides = laid.lefts, laid.rights
    shapes = [
        _ribbons(laid, place, mark.colour)
        for place, mark in enumerate(marks[0])
        if any(start == place for start, _ in laid.ribbons)
    ]
    starts = 0, WIDTH - THICKNESS
    for side, spans in enumerate(sides):
        shapes += [
            _rectangle(starts[side], span, mark.colour)
            for span, mark in zip(spans, marks[side], strict=True)
        ]
    margins = [
        14 + round(theme.LETTER_WIDTH * max(len(line) for it in side for line in it))
        for side in labels
    ]
    axis = {"visible": False, "fixedrange": True}
    return theme.figure(
        [_middles(laid, customers, names)],
        height=round(laid.height) + 16,
        lines=shapes,
        annotations=[
            _label(side, span, lines)
            for side, spans in enumerate(sides)
            for span, lines in zip(spans, labels[side], strict=True)
        ],
        margin={"l": margins[0], "r": margins[1], "t": 8, "b": 8},
        xaxis={**axis, "range": [0, WIDTH]},
        yaxis={**axis, "range": [_written(laid.height), 0]},
        hovermode="closest",
    )


def _written(value: float) -> float:
    return round(value, 1) + 0.0


def _ribbons(laid: Geometry, place: int, colour: str) -> dict:
    """Draw what leaves a place as one path of many ribbons."""
    left, right, middle = THICKNESS, WIDTH - THICKNESS, WIDTH // 2
    path = ""
    for (start, _), spans in laid.ribbons.items():
        if start != place:
            continue
        (top, bottom), (to_top, to_bottom) = [map(_written, span) for span in spans]
        path += (
            f"M{left},{top:g}C{middle},{top:g},{middle},{to_top:g},{right},{to_top:g}"
            f"L{right},{to_bottom:g}"
            f"C{middle},{to_bottom:g},{middle},{bottom:g},{left},{bottom:g}Z"
        )
    return {
        "type": "path",
        "path": path,
        "fillcolor": colour,
        "opacity": 0.35,
        "line": {"width": 0},
    }


def _rectangle(start: float, span: Span, colour: str) -> dict:
    top, bottom = map(_written, span)
    return {
        "type": "rect",
        "x0": start,
        "x1": start + THICKNESS,
        "y0": top,
        "y1": bottom,
        "fillcolor": colour,
        "line": {"width": 0},
    }


def _label(side: int, span: Span, lines: list[str]) -> dict:
    """Name a place beside it, outside of the streams."""
    return {
        "x": (0, WIDTH)[side],
        "y": _written(sum(span) / 2),
        "text": "<br>".join(map(formats.plain, lines)),
        "align": ("right", "left")[side],
        "xanchor": ("right", "left")[side],
        "xshift": (-4, 4)[side],
        "showarrow": False,
    }


def _middles(
    laid: Geometry,
    customers: Mapping[Stream, int],
    names: tuple[Sequence[str], Sequence[str]],
) -> dict:
    """Put a mark that is not seen into each stream, for pointing at it.

    What rises and what falls between the same two places crosses in the middle:
    their marks stand beside it.
    """
    ends = list(laid.ribbons)
    froms = [formats.plain(names[0][start]) for start, _ in ends]
    tos = [formats.plain(names[1][end]) for _, end in ends]
    counts = [int(customers[each]) for each in ends]
    places = []
    for (top, bottom), (to_top, to_bottom) in laid.ribbons.values():
        start, end = (top + bottom) / 2, (to_top + to_bottom) / 2
        way = 0.5 if start == end else (0.4 if start < end else 0.6)
        # The curve of the ribbon: both of its handles lie in the middle of the width.
        part = way * way * (3 - 2 * way)
        across = 1.5 * way * (1 - way) + way**3
        places.append(
            (
                _written(THICKNESS + across * (WIDTH - 2 * THICKNESS)),
                _written(start + part * (end - start)),
            )
        )
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "Customers",
        "x": [x for x, _ in places],
        "y": [y for _, y in places],
        "marker": {"size": 16, "opacity": 0},
        "text": [
            f"{start} to {end}: {formats.count(n)} customers"
            for start, end, n in zip(froms, tos, counts, strict=True)
        ],
        "hovertemplate": "%{text}<extra></extra>",
        "meta": {"columns": [["From", froms], ["To", tos], ["Customers", counts]]},
    }
