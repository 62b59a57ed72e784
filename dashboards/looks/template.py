"""Pages as data, and the one template that turns them into HTML.

A page is a list of sections of charts and fragments. Each of them has one state
per combination of the controls it follows; the script of the pages only switches
between these states, it computes nothing.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
from markupsafe import Markup
from trajectories.dashboards.looks import theme

_environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)


@dataclass(frozen=True)
class Control:
    """A labelled switch: kind is "radio", "select" or "slider".

    `options` are pairs of value and label; `initial` is one of the values.
    """

    name: str
    label: str
    kind: str
    options: list[tuple[str, str]]
    initial: str


@dataclass(frozen=True)
class State:
    """What a chart shows for one combination of its controls.

    `title` says what is seen, `figures` are drawn side by side where there is
    room (each with its own entry in `captions`, or none), `legend` and `note`
    stand under them. Without figures, the title is the sentence that says why.
    """

    title: str
    figures: list[theme.Figure] = field(default_factory=list)
    captions: list[str] = field(default_factory=list)
    legend: Markup = field(default_factory=Markup)
    note: str = ""


@dataclass(frozen=True)
class Chart:
    """A chart that follows the named controls; keys of `states` are their values.

    `columns` is how many figures stand side by side on a wide screen.
    """

    name: str
    states: Mapping[tuple[str, ...], State]
    controls: tuple[str, ...] = ()
    columns: int = 1
    is_chart: bool = True


@dataclass(frozen=True)
class Fragment:
    """Text or a table that follows the named controls (HTML, already escaped)."""

    name: str
    states: Mapping[tuple[str, ...], Markup]
    controls: tuple[str, ...] = ()
    is_chart: bool = False


@dataclass(frozen=True)
class Section:
    """A headed part of a page; `is_wide` gives each block the whole width."""

    heading: str
    blocks: list[Chart | Fragment]
    introduction: str = ""
    is_wide: bool = False


@dataclass(frozen=True)
class Page:
    """One page of the site.

    `available` lists the combinations of all controls (in their order) that
    have something to show; options without any are greyed out. A new value of a
    control jumps to the first of the `preferred` combinations that has it and the
    values of the controls before it.
    """

    file: str
    title: str
    introduction: str
    sections: list[Section]
    controls: list[Control] = field(default_factory=list)
    banners: list[Markup] = field(default_factory=list)
    available: list[tuple[str, ...]] = field(default_factory=list)
    preferred: list[tuple[str, ...]] = field(default_factory=list)

    @property
    def blocks(self) -> list[Chart | Fragment]:
        """All charts and fragments of the page."""
        return [block for section in self.sections for block in section.blocks]


def key(values: Iterable[str]) -> str:
    """Name a combination of control values, as the script does."""
    return "|".join(values)


def part(name: str, **values: object) -> Markup:
    """Render one macro of parts.html; text in `values` is escaped there."""
    return Markup(
        getattr(_environment.get_template("parts.html").module, name)(**values)
    )


def table(
    caption: str,
    headers: list[str],
    rows: list[list[object]],
    numbers_from: int = 1,
    is_stacked: bool = False,
) -> Markup:
    """Render a table; columns from `numbers_from` on are aligned as numbers.

    On a phone a stacked table shows each row as a list, the others scroll.
    """
    return part(
        "table",
        caption=caption,
        headers=headers,
        rows=rows,
        numbers_from=numbers_from,
        is_stacked=is_stacked,
    )


def legend(entries: Iterable[tuple[str, theme.Mark, str]]) -> Markup:
    """Render a legend; entries are name, mark and kind ("line", "bar", "band")."""
    return part(
        "legend", entries=list(entries), dashes=_SVG_DASHES, hatches=_SVG_HATCHES
    )


_SVG_DASHES = {
    "solid": "",
    "dash": "7 4",
    "dot": "2 3",
    "dashdot": "7 3 2 3",
    "longdash": "11 4",
    "longdashdot": "11 3 2 3",
    "5,2": "5 2",
    "2,6": "2 6",
}
_SVG_HATCHES = {
    "/": "M8 13l12-12M14 13l12-12",
    "\\": "M8 1l12 12M14 1l12 12",
    "x": "M8 13l12-12M14 13l12-12M8 1l12 12M14 1l12 12",
    "-": "M8 5h18M8 9h18",
    "|": "M12 1v12M17 1v12M22 1v12",
    "+": "M8 5h18M8 9h18M12 1v12M17 1v12M22 1v12",
    ".": "M11 4h2M16 4h2M21 4h2M11 9h2M16 9h2M21 9h2",
}


def embed(data: object) -> Markup:
    """Write data as JSON that is safe inside a script element.

    Every "<", ">" and "&" becomes an escape sequence, so that no text from data
    can end the element or begin a comment.
    """
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


class _Shared:
    """What many states have in common, kept once: {"~": place} stands for it."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def state(self, state: State | Markup) -> dict:
        """Write a state as the script reads it."""
        if not isinstance(state, State):
            return {"html": str(state)}
        return {
            "title": state.title,
            "note": self._keep(state.note),
            "legend": self._keep(str(state.legend)),
            "captions": state.captions,
            "figures": [
                {
                    "data": [self._trace(trace) for trace in figure["data"]],
                    "layout": self._keep(figure["layout"]),
                }
                for figure in state.figures
            ],
        }

    def listed(self) -> list[object]:
        """List what was kept, in the order of the places."""
        return [json.loads(text) for text in self._places]

    def _trace(self, trace: dict) -> dict:
        """Keep everything of a trace but its heights, which are its own."""
        heights = {"y": trace["y"]} if "y" in trace else {}
        rest = {name: value for name, value in trace.items() if name != "y"}
        return self._keep(rest) | heights

    def _keep(self, part: object) -> dict:
        text = json.dumps(part, allow_nan=False)
        return {"~": self._places.setdefault(text, len(self._places))}


def initial_state(page: Page, block: Chart | Fragment) -> State | Markup | None:
    """Find what a block shows before anybody touches a control."""
    initial = {control.name: control.initial for control in page.controls}
    return block.states.get(tuple(initial[name] for name in block.controls))


def render(
    page: Page,
    pages: list[tuple[str, str]],
    period: str,
    documentation: str = "",
) -> str:
    """Render a page to HTML.

    Args:
        page: the page.
        pages: file and title of all pages, for the navigation.
        period: which data the site shows, in words, for the foot of the page.
        documentation: file that the foot links to; none, no link.
    """
    shared = _Shared()
    blocks = {
        block.name: {
            "controls": list(block.controls),
            "states": {
                key(values): shared.state(state)
                for values, state in block.states.items()
            },
        }
        for block in page.blocks
    }
    data = {
        "template": theme.template(),
        "controls": [control.name for control in page.controls],
        "available": [list(values) for values in page.available],
        "preferred": [list(values) for values in page.preferred],
        "blocks": blocks,
        "shared": shared.listed(),
    }
    initial = {block.name: initial_state(page, block) for block in page.blocks}
    return _environment.get_template("page.html").render(
        page=page,
        pages=pages,
        initial=initial,
        data=embed(data),
        period=period,
        documentation=documentation,
    )
