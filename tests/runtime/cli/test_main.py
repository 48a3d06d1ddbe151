"""The dispatcher: listing, loading and running subcommands, and what errors become."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import EntryPoint
from types import ModuleType

import pytest

from lwisp_mobile.cli.command import Command, CommandEntry, print_json
from lwisp_mobile.cli.main import installed, load_table, main
from lwisp_mobile.errors import LwispError, NonFiniteError, UsageError


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
    print_json("a line")
    return 0


COMMANDS = {
    "count": Command(takes_count, returns_count),
    "speak": Command(takes_nothing, speaks),
    "fail": Command(takes_nothing, raises(LwispError("Tile 250 px is too odd; use 256."))),
    "full": Command(takes_nothing, raises(OSError(28, "No space left on device", "x.png"))),
    "stop": Command(takes_nothing, raises(KeyboardInterrupt())),
    "needy": Command(takes_nothing, raises(ModuleNotFoundError("No module", name="torch.nn"))),
    "other": Command(takes_nothing, raises(ModuleNotFoundError("No module", name="cv2"))),
    "bug": Command(takes_nothing, raises(ModuleNotFoundError("No", name="lwisp_export.gone"))),
    "text": "not a command",
}
SUMMARIES = {"count": "Return a number.", "needy": "Miss a package."}
EXTRAS = {"needy": "export"}


@pytest.fixture(scope="module")
def entries() -> Iterator[list[CommandEntry]]:
    """Entries for COMMANDS, of a module that stands in for a distribution's."""
    module = ModuleType("commands_of_a_test")
    vars(module).update(COMMANDS)
    sys.modules[module.__name__] = module
    yield [
        CommandEntry(name, SUMMARIES.get(name, name), f"{module.__name__}:{name}", EXTRAS.get(name))
        for name in COMMANDS
    ] + [CommandEntry("never", "Isn't there.", "no_such_module:never")]
    del sys.modules[module.__name__]


def test_help_lists_all_and_loads_none(entries: list[CommandEntry], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"], entries) == 0
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in COMMANDS)
    assert "[export]" in shown


def test_no_command_shows_help_and_is_wrong_use(
    entries: list[CommandEntry], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([], entries) == 2
    assert "commands:" in capsys.readouterr().err


def test_version(entries: list[CommandEntry], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"], entries) == 0
    assert capsys.readouterr().out.startswith("lwisp ")


def test_a_command_gets_its_arguments_and_gives_the_exit_code(entries: list[CommandEntry]) -> None:
    assert main(["count", "--count", "3"], entries) == 3


def test_a_command_has_its_own_help(entries: list[CommandEntry], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["count", "--help"], entries) == 0
    shown = capsys.readouterr().out
    assert "usage: lwisp count" in shown
    assert "Return a number." in shown


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (["fail"], 2, "lwisp: error: Tile 250 px is too odd; use 256.\n"),
        (["full"], 2, "lwisp: error: x.png: No space left on device. Check the path, its permissions and the space"),
        (["stop"], 130, "lwisp: interrupted\n"),
        (["needy"], 2, "Run: pip install 'lwisp-mobile[export]' (in a checkout: '.[export]')\n"),
        (["other"], 2, "lwisp: error: `lwisp other` needs cv2, which isn't installed. Run: pip install cv2\n"),
        (["never"], 2, "no_such_module"),
        (["text"], 2, "is a str; it must be a lwisp_mobile.cli.command.Command"),
        (["cuont"], 2, "lwisp: error: There is no command 'cuont'. Did you mean 'count'?\n"),
        (["zzz"], 2, "There are: bug, count, "),
        (["--zzz"], 2, "unrecognized arguments: --zzz"),
        (["count", "--zzz"], 2, "unrecognized arguments: --zzz"),
    ],
)
def test_errors(
    entries: list[CommandEntry], argv: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv, entries) == code
    assert message in capsys.readouterr().err


def test_a_missing_module_of_our_own_is_a_defect(entries: list[CommandEntry]) -> None:
    with pytest.raises(ModuleNotFoundError):
        main(["bug"], entries)


def test_nothing_installed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"], []) == 2
    assert "pip install lwisp-mobile" in capsys.readouterr().err


def test_two_commands_of_one_name(capsys: pytest.CaptureFixture[str]) -> None:
    entries = [CommandEntry("count", "", "one:count"), CommandEntry("count", "", "two:count")]
    assert main(["count"], entries) == 2
    assert "one:count and two:count both define a command 'count'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("no_such_module:COMMANDS", "can't be loaded"),
        ("lwisp_mobile.cli.table:NONE", "can't be loaded"),
        ("lwisp_mobile.cli.develop:develop", "isn't a tuple of CommandEntry"),
    ],
)
def test_a_table_of_another_version_says_what_to_do(value: str, message: str) -> None:
    with pytest.raises(UsageError, match=f"{value} {message}") as refused:
        load_table(EntryPoint("old", value, "lwisp.commands"))
    assert "pip install lwisp-mobile" in str(refused.value)


def test_every_installed_command_loads() -> None:
    """And is listed once, the runtime's first."""
    entries = installed()
    assert entries[0].name == "develop"
    assert len({entry.name for entry in entries}) == len(entries) > 15
    for entry in entries:
        module, _, attribute = entry.target.partition(":")
        assert isinstance(getattr(import_module(module), attribute), Command)


def test_a_reader_that_goes_away(entries: list[CommandEntry], monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        monkeypatch.setattr("sys.stdout", closed)
        assert main(["speak"], entries) == 141


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"psnr_db": None})
    assert capsys.readouterr().out == '{\n  "psnr_db": null\n}\n'
    with pytest.raises(NonFiniteError):
        print_json(float("nan"))
