"""The app's layout files drawn as one HTML page: what the screen is made of, where no phone is at hand.

`python -m android_demo.checks.layout_preview PAGE.html`. A mock-up, not a screenshot: sizes, texts and order are the
app's, fonts and widgets are the browser's.
"""

import base64
import html
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from PIL import Image

from android_demo.checks.project import ROOT, Project
from lwisp_mobile.serialize.files import atomic_write

_ANDROID = "{http://schemas.android.com/apk/res/android}"
_PICTURE = ROOT / "docs" / "sample.png"
_SPINNER = re.compile(r"spinner\(R\.id\.(\w+), R\.array\.(\w+)(?:, first = (\d+))?\)")
_STYLE = """
body { margin: 0; padding: 24px; display: flex; gap: 24px; align-items: flex-start; background: #bbb }
body { font: 14px Roboto, sans-serif }
.screen { border: 1px solid #777; overflow: hidden; background: #fafafa; color: #212121; --accent: #009688 }
.dark { background: #303030; color: #fff; --accent: #80cbc4 }
.screen * { box-sizing: border-box; min-width: 0 }
.button { color: var(--accent); text-transform: uppercase; font-weight: 500; padding: 14px 8px; text-align: center }
.spinner { height: 48px; padding: 14px 8px; font-size: 16px }
.spinner::after { content: "\\25be"; float: right }
img { width: 100%; display: block }
"""
_SCREENS = (
    ("layout", "screen", 360, 800),
    ("layout", "screen dark", 360, 800),
    ("layout-w720dp", "screen", 960, 600),
)
"""Folder of the root layout, classes, width and height in dp: a phone by day and by night, a tablet."""


@dataclass(frozen=True)
class _App:
    """What layouts refer to."""

    resources: Path
    strings: dict[str, str]
    spinners: dict[str, str]
    """By id: the entry that is chosen first."""

    def layout(self, folder: str, name: str) -> Element:
        """The root of a layout; one that a folder for wide screens doesn't have is the common one."""
        path = self.resources / folder / f"{name}.xml"
        return ElementTree.parse(path if path.exists() else self.resources / "layout" / path.name).getroot()


def page(project: Project) -> str:
    """The page, its picture included."""
    app = _read_app(project)
    screens = [
        f'<div class="{kind}" style="width: {width}px; height: {height}px">'
        f"{_view(app.layout(folder, 'activity_main'), app, folder)}</div>"
        for folder, kind, width, height in _SCREENS
    ]
    title = "LW-ISP demo: layout files drawn as HTML"
    return f"<!doctype html><meta charset=utf-8><title>{title}</title><style>{_STYLE}</style>{''.join(screens)}\n"


def _read_app(project: Project) -> _App:
    values = ElementTree.parse(project.resources / "values" / "strings.xml").getroot()
    strings = {node.attrib["name"]: (node.text or "").replace("\\'", "'") for node in values.iter("string")}
    arrays = {node.attrib["name"]: [item.text or "" for item in node] for node in values.iter("string-array")}
    code = (project.app / "org/lwisp/demo/ui/Controls.kt").read_text(encoding="utf-8")
    spinners = {name: arrays[array][int(first or 0)] for name, array, first in _SPINNER.findall(code)}
    return _App(project.resources, strings, spinners)


def _view(view: Element, app: _App, folder: str) -> str:
    if view.get(f"{_ANDROID}visibility") == "gone":
        return ""
    if view.tag == "include":
        return _view(app.layout(folder, view.attrib["layout"].rpartition("/")[2]), app, folder)
    draw = _WIDGETS.get(view.tag)
    if draw is not None:
        return draw(view, app, _box(view))
    children = "".join(_view(child, app, folder) for child in view)
    across = view.get(f"{_ANDROID}orientation") == "horizontal"
    return f'<div style="display: flex; flex-direction: {"row" if across else "column"}; {_box(view)}">{children}</div>'


def _box(view: Element) -> str:
    weight = view.get(f"{_ANDROID}layout_weight")
    rules = {
        "flex": weight and f"{weight} 1 0",
        "padding": _px(view, "padding"),
        "padding-top": _px(view, "paddingTop"),
        "text-align": view.get(f"{_ANDROID}gravity"),
    }
    return "; ".join(f"{name}: {value}" for name, value in rules.items() if value)


def _px(view: Element, name: str) -> str | None:
    size = view.get(f"{_ANDROID}{name}")
    return size and size.replace("dp", "px")


def _text(view: Element, app: _App, box: str) -> str:
    if _id(view) == "status":
        text = _sample_status(app)
    else:
        text = app.strings.get(view.get(f"{_ANDROID}text", "").rpartition("/")[2], "")
    return f'<div style="{box}">{html.escape(text)}</div>'


def _sample_status(app: _App) -> str:
    """What the app says of the sample."""
    with Image.open(_PICTURE) as picture:
        values = (app.strings["sample_name"], *picture.size)
    return re.sub(r"%(\d)\$[sd]", lambda found: str(values[int(found[1]) - 1]), app.strings["source"])


def _button(view: Element, app: _App, box: str) -> str:
    return _text(view, app, box).replace("<div", '<div class="button"', 1)


def _spinner(view: Element, app: _App, box: str) -> str:
    return f'<div class="spinner" style="{box}">{html.escape(app.spinners[_id(view)])}</div>'


def _image(view: Element, app: _App, box: str) -> str:
    described = app.strings[view.attrib[f"{_ANDROID}contentDescription"].rpartition("/")[2]]
    content = base64.b64encode(_PICTURE.read_bytes()).decode("ascii")
    return f'<img style="{box}" alt="{html.escape(described)}" src="data:image/png;base64,{content}">'


def _id(view: Element) -> str:
    return view.get(f"{_ANDROID}id", "").rpartition("/")[2]


_WIDGETS: dict[str, Callable[[Element, _App, str], str]] = {
    "TextView": _text,
    "Button": _button,
    "Spinner": _spinner,
    "ImageView": _image,
}


if __name__ == "__main__":
    with atomic_write(Path(sys.argv[1])) as temporary:
        temporary.write_text(page(Project()), encoding="utf-8")
