"""Pages as a browser reads them: what is packed into them is unpacked."""

import base64
import gzip
import json
import re
from pathlib import Path

PACKED = re.compile(r'(<script[^>]* id="page-data">)(.*?)(</script>)')


def text_of(path: Path) -> str:
    """The text of a page, with its data as JSON in the place of the packed one.

    Letters that JSON escapes are themselves again.
    """
    text = path.read_text("utf-8")
    return PACKED.sub(
        lambda found: (
            found[1] + json.dumps(_unpacked(found[2]), ensure_ascii=False) + found[3]
        ),
        text,
    )


def raw_data(path: Path) -> dict:
    """The data of a page, with what states share kept apart."""
    return _unpacked(PACKED.search(path.read_text("utf-8"))[2])


def page_data(path: Path) -> dict:
    """The data of a page, with what states share put back."""
    data = raw_data(path)
    data = whole(data, data["shared"])
    for block in data["blocks"].values():
        for state in block["states"].values():
            _put_back_heights(state, data["heights"])
    return data


def _put_back_heights(state: dict, heights: list) -> None:
    """Give traces their heights, which stand apart from what figures share."""
    for place, figure in enumerate(state.get("figures", [])):
        of_figure = heights[state["heights"]][place]
        for trace, values in zip(figure["data"], of_figure, strict=True):
            if values is not None:
                trace["y"] = values


def blocks(site: Path) -> dict[str, dict]:
    """The blocks of every page, by file."""
    return {
        path.name: page_data(path)["blocks"]
        for path in sorted(site.glob("*.html"))
        if PACKED.search(path.read_text("utf-8"))
    }


def whole(part: object, shared: list) -> object:
    """Put back what states share, as the script of the pages does."""
    if isinstance(part, list):
        return [whole(each, shared) for each in part]
    if not isinstance(part, dict):
        return part
    own = {name: whole(value, shared) for name, value in part.items() if name != "~"}
    if "~" not in part:
        return own
    common = whole(shared[part["~"]], shared)
    return common | own if own else common


def _unpacked(text: str) -> dict:
    return json.loads(gzip.decompress(base64.b64decode(text)))
