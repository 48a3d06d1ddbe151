"""Progress: bars count what they show, on a terminal only."""

import io
import subprocess
import sys
from collections.abc import Iterator

import pytest

from lwisp_mobile.progress import StepBar, silent, track, write_line

CODE = """
from lwisp_mobile.progress import StepBar
with StepBar(2, "photo.dng") as progress:
    progress("reading")
    progress("writing")
"""


def test_items_come_through() -> None:
    items: Iterator[int] = track(iter([1, 2, 3]), label="work", total=3)
    assert list(items) == [1, 2, 3]


def test_nothing_is_shown_off_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with StepBar(2, "photo.dng") as progress:
        progress("reading")
    list(track([1], label="work"))
    silent("reading")
    assert capsys.readouterr() == ("", "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_steps_are_named_on_a_terminal() -> None:
    """Read from a pseudo-terminal: each step's name, and that the first was done before the second."""
    import pty  # noqa: PLC0415
    import termios  # noqa: PLC0415

    reading, writing = pty.openpty()
    termios.tcsetwinsize(writing, (24, 80))
    with open(reading, "rb", buffering=0) as screen, open(writing, "wb") as terminal:
        subprocess.run([sys.executable, "-c", CODE], stderr=terminal, check=True)
        shown = screen.read(10_000).decode()
    assert "photo.dng" in shown
    assert shown.index("0/2") < shown.index("reading") < shown.index("1/2") < shown.rindex("writing")


def test_a_line_is_written_at_once() -> None:
    stream = io.StringIO()
    write_line("a.png: 64x48 px", stream)
    assert stream.getvalue() == "a.png: 64x48 px\n"
