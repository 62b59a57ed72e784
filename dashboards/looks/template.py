"""Pages as data, and the one template that turns them into HTML.

A page is a sentence and a list of sections of charts and fragments. Each of these has
one state per combination of the controls it follows; the script of the pages only
switches between these states, it computes nothing. What has no state for a
combination is not shown.
"""

import base64
import gzip
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlencode

import jinja2
from markupsafe import Markup, escape
from trajectories.dashboards.looks import theme

# A title is a finding that is read at a glance.
MOST_WORDS = 15

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
class Choices:
    """Controls that depend on each other, and what can be chosen together.

    `available` lists the combinations of the controls (in their order) that have
    something to show; options without any are greyed out. A combination may be
    shorter than the list of controls: those that it leaves out are not shown. A new
    value of a control jumps to the first of the `preferred` combinations that has it
    and the values of the controls before it.
    """

    controls: list[Control] = field(default_factory=list)
    available: list[tuple[str, ...]] = field(default_factory=list)
    preferred: list[tuple[str, ...]] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The names of the controls, in their order."""
        return [control.name for control in self.controls]


@dataclass(frozen=True)
class State:
    """What a chart shows for one combination of its controls.

    `title` is the finding in at most `MOST_WORDS` words, `subtitle` says what is
    drawn: measure, unit, period and what it is held against. `figures` are drawn side
    by side where there is room (each with its own entry in `captions`, or none),
    `legend` and `note` stand under them. Without figures, the title is the sentence
    that says why.
    """

    title: str
    figures: list[theme.Figure] = field(default_factory=list)
    captions: list[str] = field(default_factory=list)
    legend: Markup = field(default_factory=Markup)
    note: str | Markup = ""
    subtitle: str = ""


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
    """A headed part of a page, which is not shown where none of its blocks is.

    `is_wide` gives each block the whole width. `proof` stands under a fold, "How we
    know". `choices` are the controls that the blocks follow; those named in `own`
    stand beside the section, the others on top of the page.
    """

    heading: str
    blocks: list[Chart | Fragment]
    introduction: str | Markup = ""
    is_wide: bool = False
    proof: list[Chart | Fragment] = field(default_factory=list)
    choices: Choices = field(default_factory=Choices)
    own: tuple[str, ...] = ()

    @property
    def beside(self) -> list[Control]:
        """The controls that stand beside the section."""
        return [it for it in self.choices.controls if it.name in self.own]


@dataclass(frozen=True)
class Page:
    """One page of the site: a sentence that answers its question, and sections."""

    file: str
    title: str
    sentence: str | Markup
    sections: list[Section]
    banners: list[Markup] = field(default_factory=list)

    @property
    def blocks(self) -> list[Chart | Fragment]:
        """All charts and fragments of the page."""
        return [
            block
            for section in self.sections
            for block in (*section.blocks, *section.proof)
        ]

    @property
    def bar(self) -> Choices:
        """The controls on top: those of all sections that are not a section's own."""
        controls: dict[str, Control] = {}
        available: dict[tuple[str, ...], None] = {}
        preferred: dict[tuple[str, ...], None] = {}
        for section in self.sections:
            shared = [
                it for it in section.choices.controls if it.name not in section.own
            ]
            for control in shared:
                known = controls.get(control.name, control)
                options = list(dict.fromkeys([*known.options, *control.options]))
                controls[control.name] = replace(known, options=options)
            for values in section.choices.available:
                available.setdefault(values[: len(shared)])
            for values in section.choices.preferred:
                preferred.setdefault(values[: len(shared)])
        longest = [
            values
            for values in available
            if not any(it != values and it[: len(values)] == values for it in available)
        ]
        return Choices(list(controls.values()), longest, list(preferred))

    @property
    def choices(self) -> list[Choices]:
        """The groups of controls, the bar first."""
        own = [section.choices for section in self.sections if section.own]
        return [self.bar, *own]


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


def embed(data: object) -> str:
    """Pack data for a script element: JSON, gzip, base64.

    Nothing in it can end the element, and what states have in common costs little.
    """
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    packed = gzip.compress(text.encode(), mtime=0)
    return base64.b64encode(packed).decode()


class _Shared:
    """What many states have in common, kept once: {"~": place} stands for it."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self.heights: list[list] = []

    def state(self, state: State | Markup) -> dict:
        """Write a state as the script reads it."""
        if not isinstance(state, State):
            return {"html": str(state)}
        return {
            "title": state.title,
            "subtitle": state.subtitle,
            "note": self._keep(str(escape(state.note))),
            "legend": self._keep(str(state.legend)),
            "captions": state.captions,
            "figures": [self._figure(figure) for figure in state.figures],
            "heights": self._heights_of(state.figures),
        }

    def listed(self) -> list[object]:
        """List what was kept, in the order of the places."""
        return [json.loads(text) for text in self._places]

    def _figure(self, figure: theme.Figure) -> dict:
        """Keep everything of a figure but the heights of its traces."""
        rest = [
            self._keep({name: it for name, it in trace.items() if name != "y"})
            for trace in figure["data"]
        ]
        return {"data": self._keep(rest), "layout": self._keep(figure["layout"])}

    def _heights_of(self, figures: list[theme.Figure]) -> int:
        """Lay the heights of a state, its own, beside those of all others.

        Numbers among numbers take less room than among words.
        """
        self.heights.append(
            [[trace.get("y") for trace in figure["data"]] for figure in figures]
        )
        return len(self.heights) - 1

    def _keep(self, part: object) -> dict:
        text = json.dumps(part, allow_nan=False)
        return {"~": self._places.setdefault(text, len(self._places))}


def initial_key(page: Page, block: Chart | Fragment) -> tuple[str, ...]:
    """Find the values of a block's controls before anybody touches one."""
    initial = {
        control.name: control.initial
        for choices in page.choices
        for control in choices.controls
    }
    return tuple(initial[name] for name in block.controls)


def initial_state(page: Page, block: Chart | Fragment) -> State | Markup | None:
    """Find what a block shows before anybody touches a control."""
    return block.states.get(initial_key(page, block))


def says_something(state: State | Markup | None) -> bool:
    """Say whether a block has anything to show in a state."""
    return bool(state.title if isinstance(state, State) else state)


def fitting(*titles: str) -> str:
    """Take the first title of at most `MOST_WORDS` words, or else the last one."""
    return next((it for it in titles if len(it.split()) <= MOST_WORDS), titles[-1])


def link(text: str, file: str, **state: str) -> Markup:
    """Link to a page in the state that shows more: values of its controls, by name."""
    address = f"{file}#{urlencode(state)}" if state else file
    return Markup('<a href="{}">{}</a>').format(address, text)


# The widest that the style of the pages lets a chart be, and what is between two.
WIDE, BETWEEN_BLOCKS, BETWEEN_FIGURES = 1144, 40, 24
# Of charts with more than two columns, how narrow the style lets a figure be.
LEAST_WIDTHS = {3: 320, 4: 256}


def _stills(
    page: Page,
    chart: Chart,
    initial: Mapping[str, State | Markup | None],
    still: Callable[[theme.Figure, str, int], Markup],
) -> list[dict[str, object]]:
    """Draw the figures of a chart as they are shown at first, as wide as on a desk."""
    section = next(it for it in page.sections if chart in (*it.blocks, *it.proof))
    state = initial[chart.name]
    width = WIDE if section.is_wide else (WIDE - BETWEEN_BLOCKS) // 2
    if len(state.figures) > 1:
        columns = chart.columns
        if columns in LEAST_WIDTHS:
            least = LEAST_WIDTHS[columns] + BETWEEN_FIGURES
            columns = max((width + BETWEEN_FIGURES) // least, 1)
        width = (width + BETWEEN_FIGURES) // columns - BETWEEN_FIGURES
    captions = state.captions or [""] * len(state.figures)
    return [
        {
            "picture": still(figure, f"{chart.name}-{place}", width),
            "caption": caption,
            "height": figure["layout"]["height"],
        }
        for place, (figure, caption) in enumerate(
            zip(state.figures, captions, strict=True)
        )
    ]


def render(
    page: Page,
    pages: list[tuple[str, str]],
    period: str,
    documentation: str = "",
    still: Callable[[theme.Figure, str, int], Markup] | None = None,
) -> str:
    """Render a page to HTML.

    Args:
        page: the page.
        pages: file and title of all pages, for the navigation.
        period: which data the site shows, in words, for the foot of the page.
        documentation: file that the foot links to; none, no link.
        still: draws a figure of the first chart, given its name and width in pixels,
            so that it is seen before the library is there; none, it waits for it.
    """
    shared = _Shared()
    blocks = {
        block.name: {
            "controls": list(block.controls),
            "states": {
                key(values): shared.state(state)
                for values, state in block.states.items()
                if says_something(state)
            },
        }
        for block in page.blocks
    }
    data = {
        "template": theme.template(),
        "choices": [
            {
                "names": choices.names,
                "available": [list(values) for values in choices.available],
                "preferred": [list(values) for values in choices.preferred],
            }
            for choices in page.choices
        ],
        "blocks": blocks,
        "shared": shared.listed(),
        "heights": shared.heights,
    }
    initial = {block.name: initial_state(page, block) for block in page.blocks}
    first = next(
        (
            block
            for block in page.blocks
            if isinstance(initial[block.name], State) and initial[block.name].figures
        ),
        None,
    )
    return _environment.get_template("page.html").render(
        page=page,
        pages=pages,
        initial=initial,
        first=first.name if first else None,
        first_key=key(initial_key(page, first)) if first else "",
        stills=_stills(page, first, initial, still) if first and still else [],
        shown={name for name, state in initial.items() if says_something(state)},
        data=embed(data),
        period=period,
        documentation=documentation,
    )
