"""The dispatcher: finding, loading and running subcommands, and what errors become."""

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from lwisp_mobile.cli import main as cli
from lwisp_mobile.errors import LwispError, NonFiniteError


def raises(error: BaseException) -> Callable[[argparse.Namespace], int]:
    def run(arguments: argparse.Namespace) -> int:
        raise error

    return run


def returns_count(arguments: argparse.Namespace) -> int:
    return int(arguments.count)


def takes_count(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--count", type=int, default=0)


def takes_nothing(parser: argparse.ArgumentParser) -> None:
    pass


def speaks(arguments: argparse.Namespace) -> int:
    cli.print_json("a line")
    return 0


COMMANDS = {
    "count": cli.Command("Return a number.", takes_count, returns_count),
    "speak": cli.Command("Print a line.", takes_nothing, speaks),
    "fail": cli.Command("Raise on purpose.", takes_nothing, raises(LwispError("Tile 250 px is too odd; use 256."))),
    "full": cli.Command("Meet a full disk.", takes_nothing, raises(OSError(28, "No space left on device", "x.png"))),
    "stop": cli.Command("Be interrupted.", takes_nothing, raises(KeyboardInterrupt())),
    "train": cli.Command("Miss a package.", takes_nothing, raises(ModuleNotFoundError("No module", name="torch.nn"))),
    "other": cli.Command("Miss a package.", takes_nothing, raises(ModuleNotFoundError("No module", name="cv2"))),
    "bug": cli.Command("Miss our own.", takes_nothing, raises(ModuleNotFoundError("No", name="lwisp_export.gone"))),
    "text": "not a command",
    "never": ModuleNotFoundError("No module", name="no_such_module"),
}


@dataclass(frozen=True)
class FakeEntryPoint:
    """As importlib.metadata's, loading to `thing`, or raising it."""

    name: str
    thing: object
    value: str = "somewhere:object"
    dist: None = None

    def load(self) -> object:
        if isinstance(self.thing, Exception):
            raise self.thing
        return self.thing


@pytest.fixture(autouse=True)
def commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """This module's commands stand in for the installed ones."""
    use(monkeypatch, *(FakeEntryPoint(name, thing) for name, thing in COMMANDS.items()))


def use(monkeypatch: pytest.MonkeyPatch, *points: FakeEntryPoint) -> None:
    monkeypatch.setattr(cli, "entry_points", lambda group: points)


def test_help_lists_all_and_loads_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in COMMANDS)
    assert "[export]" in shown


def test_no_command_shows_help_and_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 2
    assert "commands:" in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("lwisp ")


def test_a_command_gets_its_arguments_and_gives_the_exit_code() -> None:
    assert cli.main(["count", "--count", "3"]) == 3


def test_a_command_has_its_own_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["count", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "usage: lwisp count" in shown
    assert "Return a number." in shown


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (["fail"], 2, "lwisp: error: Tile 250 px is too odd; use 256.\n"),
        (["full"], 2, "lwisp: error: [Errno 28] No space left on device: 'x.png'\n"),
        (["stop"], 130, "lwisp: interrupted\n"),
        (["train"], 2, "Run: pip install 'lwisp-mobile[export]'\n"),
        (["other"], 2, "lwisp: error: cv2, which `lwisp other` needs, isn't installed. Run: pip install cv2\n"),
        (["never"], 2, "no_such_module"),
        (["text"], 2, "is a str; it must be a lwisp_mobile.cli.main.Command"),
        (["cuont"], 2, "lwisp: error: There is no command 'cuont'. Did you mean 'count'?\n"),
        (["zzz"], 2, "There are: bug, count, "),
        (["--zzz"], 2, "unrecognized arguments: --zzz"),
        (["count", "--zzz"], 2, "unrecognized arguments: --zzz"),
    ],
)
def test_errors(argv: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(argv) == code
    assert message in capsys.readouterr().err


def test_a_missing_module_of_our_own_is_a_defect() -> None:
    with pytest.raises(ModuleNotFoundError):
        cli.main(["bug"])


def test_nothing_installed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    use(monkeypatch)
    assert cli.main(["--help"]) == 2
    assert "pip install lwisp-mobile" in capsys.readouterr().err


def test_two_distributions_with_one_name(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    use(monkeypatch, FakeEntryPoint("count", None, "one:count"), FakeEntryPoint("count", None, "two:count"))
    assert cli.main(["count"]) == 2
    assert "both bring a command 'count'" in capsys.readouterr().err


def test_a_reader_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        monkeypatch.setattr("sys.stdout", closed)
        assert cli.main(["speak"]) == 141


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    cli.print_json({"psnr_db": None})
    assert capsys.readouterr().out == '{\n  "psnr_db": null\n}\n'
    with pytest.raises(NonFiniteError):
        cli.print_json(float("nan"))
