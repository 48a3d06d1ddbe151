"""Every example in the runtime's docstrings, and the README's, runs as it is written."""

import doctest
import re
import textwrap
from importlib import import_module
from pathlib import Path

import pytest

import lwisp_mobile

PACKAGE = Path(lwisp_mobile.__file__).parent
README = PACKAGE.parent / "README.md"


def module_name(path: Path) -> str:
    return ".".join((PACKAGE.name, *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")


SOURCES = {module_name(path): path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}


@pytest.fixture(autouse=True)
def beside_a_photo(sample_dng: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The examples read photo.dng in the working folder."""
    (tmp_path / "photo.dng").symlink_to(sample_dng)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", sorted(name for name, source in SOURCES.items() if ">>> " in source))
def test_an_example_runs(name: str) -> None:
    results = doctest.testmod(import_module(name))
    assert results.attempted > 0
    assert results.failed == 0


def test_every_example_is_one_that_runs() -> None:
    """Indented code without the prompt would never be run."""
    plain = re.compile(r"^ +(with .+:|from \w+(\.\w+)* import .+|import \w+)$", re.MULTILINE)
    docstrings = {
        (name, text) for name, source in SOURCES.items() for text in re.findall(r'"""(.*?)"""', source, re.DOTALL)
    }
    assert [(name, found[0]) for name, text in docstrings if (found := plain.search(text))] == []


def test_the_readme_s_example_runs() -> None:
    block = README.read_text(encoding="utf-8").partition("From Python:\n\n")[2].partition("\n\n#")[0]
    names: dict[str, object] = {}
    exec(compile(textwrap.dedent(block), README.name, "exec"), names)
    assert getattr(names["rgb"], "shape", None) == (512, 511, 3)
