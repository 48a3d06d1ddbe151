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
.screen { border: 1px solid #777; overflow: hidden; background: #fafafa; color: #212121; --accent: #00796b }
.large { font-size: 21px }
.large .button, .large .spinner { font-size: 1em }
.dark { background: #303030; color: #fff; --accent: #80cbc4 }
.screen * { box-sizing: border-box; min-width: 0 }
.button { color: var(--accent); text-transform: uppercase; font-weight: 500; padding: 14px 8px; text-align: center }
.spinner { height: 48px; padding: 14px 8px; font-size: 16px }
.spinner::after { content: "\\25be"; float: right }
.slider { accent-color: var(--accent); width: 100%; margin: 16px 0 }
.check { padding: 12px 0 }
.check::before { content: "\\2610\\00a0\\00a0" }
.scroll { overflow: hidden }
.pictures { position: relative; width: 100%; height: 100%; overflow: hidden }
.pictures img { width: 100%; height: 100%; object-fit: contain; position: absolute }
.pictures .phone { filter: saturate(1.3) contrast(1.1); clip-path: inset(0 50% 0 0) }
.pictures::after { content: ""; position: absolute; left: 50%; width: 2px; height: 100%; background: #fff }
.bar { display: flex }
"""
_SCREENS = (
    ("layout", "screen", 360, 800),
    ("layout", "screen dark", 360, 800),
    ("layout", "screen large", 360, 800),
    ("layout-w600dp", "screen", 800, 360),
    ("layout-w600dp", "screen dark", 960, 600),
)
"""Folder of the root layout, classes, width and height in dp: a phone by day, by night, in large letters, on its side;
a tablet."""
_AFTER_DEVELOPING = ("comparison_group", "split")
"""Hidden until there is a picture; the page shows the app with one."""
_SPLIT = (("split_load", 4), ("split_prepare", 8), ("split_model", 80), ("split_store", 8))
"""Colours of the time's parts, and shares that look like a run's."""


@dataclass(frozen=True)
class _App:
    """What layouts refer to."""

    resources: Path
    strings: dict[str, str]
    spinners: dict[str, str]
    """By id: the entry that is chosen first."""
    colors: dict[str, str]

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
    # Filled with what the phone has.
    spinners["lens"] = strings["back_camera"]
    tree = ElementTree.parse(project.resources / "values" / "colors.xml").getroot()
    colors = {node.attrib["name"]: node.text or "" for node in tree.iter("color")}
    return _App(project.resources, strings, spinners, colors)


def _view(view: Element, app: _App, folder: str) -> str:
    if view.get(f"{_ANDROID}visibility") == "gone" and _id(view) not in _AFTER_DEVELOPING:
        return ""
    if view.tag == "include":
        return _view(app.layout(folder, view.attrib["layout"].rpartition("/")[2]), app, folder)
    draw = _WIDGETS.get(view.tag)
    if draw is not None:
        return draw(view, app, _box(view))
    children = "".join(_view(child, app, folder) for child in view)
    across = view.get(f"{_ANDROID}orientation") == "horizontal"
    kind = "scroll" if view.tag == "ScrollView" else "pane"
    flow = f"display: flex; flex-direction: {'row' if across else 'column'}"
    return f'<div class="{kind}" style="{flow}; {_box(view)}">{children}</div>'


def _box(view: Element) -> str:
    weight = view.get(f"{_ANDROID}layout_weight")
    rules = {
        "flex": weight and f"{weight} 1 0",
        "padding": _px(view, "padding"),
        "padding-top": _px(view, "paddingTop"),
        "padding-left": _px(view, "paddingStart"),
        "padding-right": _px(view, "paddingEnd"),
        "margin-top": _px(view, "layout_marginTop"),
        "height": "100%" if view.get(f"{_ANDROID}layout_height") == "match_parent" else _px(view, "layout_height"),
        "min-height": "0" if weight else None,
        "text-align": view.get(f"{_ANDROID}gravity"),
    }
    return "; ".join(f"{name}: {value}" for name, value in rules.items() if value)


def _px(view: Element, name: str) -> str | None:
    size = view.get(f"{_ANDROID}{name}", "")
    return size.replace("dp", "px") if size[:1].isdigit() and size != "0dp" else None


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


def _pictures(_: Element, app: _App, box: str) -> str:
    """The comparison with its line in the middle; the phone's side is the same picture under another look."""
    source = f"data:image/png;base64,{base64.b64encode(_PICTURE.read_bytes()).decode('ascii')}"
    described = html.escape(app.strings["both_description"])
    images = f'<img alt="{described}" src="{source}"><img class="phone" alt="" src="{source}">'
    return f'<div class="pictures" style="{box}">{images}</div>'


def _slider(_: Element, __: _App, ___: str) -> str:
    return '<input type="range" class="slider">'


def _check_box(view: Element, app: _App, box: str) -> str:
    return _text(view, app, box).replace("<div", '<div class="check"', 1)


def _split_bar(_: Element, app: _App, box: str) -> str:
    parts = (f'<div style="flex: {share}; background: {app.colors[color]}"></div>' for color, share in _SPLIT)
    return f'<div class="bar" style="{box}">{"".join(parts)}</div>'


def _id(view: Element) -> str:
    return view.get(f"{_ANDROID}id", "").rpartition("/")[2]


_WIDGETS: dict[str, Callable[[Element, _App, str], str]] = {
    "TextView": _text,
    "Button": _button,
    "Spinner": _spinner,
    "SeekBar": _slider,
    "CheckBox": _check_box,
    "org.lwisp.demo.ui.ComparisonView": _pictures,
    "org.lwisp.demo.ui.SplitBar": _split_bar,
}


if __name__ == "__main__":
    with atomic_write(Path(sys.argv[1])) as temporary:
        temporary.write_text(page(Project()), encoding="utf-8")
