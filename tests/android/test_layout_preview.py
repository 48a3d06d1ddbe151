"""The HTML mock-up of the app's screen draws what the layout files contain."""

import html
from xml.etree import ElementTree

from android_demo.checks.layout_preview import page
from android_demo.checks.project import Project

ANDROID = "{http://schemas.android.com/apk/res/android}"
SCREENS = 5


def test_every_screen_shows_every_control() -> None:
    drawn = page(Project())
    strings = ElementTree.parse(Project().resources / "values/strings.xml").getroot()
    texts = {node.attrib["name"]: (node.text or "").replace("\\'", "'") for node in strings.iter("string")}
    hidden = {"lens"}
    controls = ElementTree.parse(Project().resources / "layout/controls.xml").getroot()
    named = [view.get(f"{ANDROID}text", "").rpartition("/")[2] for view in controls.iter()]
    labels = [html.escape(texts[name], quote=True) for name in named if name and name not in hidden]
    assert len(labels) > 10
    assert {label: drawn.count(f">{label}</div>") for label in labels} == dict.fromkeys(labels, SCREENS)
    spinners = sum(view.tag == "Spinner" for view in controls.iter()) - len(hidden)
    assert drawn.count('class="spinner"') == SCREENS * spinners
    assert drawn.count('class="pictures"') == drawn.count('class="bar"') == SCREENS


def test_what_is_hidden_at_first_is_not_drawn() -> None:
    assert ">Lens<" not in page(Project())
    assert "Take the picture" not in page(Project())
