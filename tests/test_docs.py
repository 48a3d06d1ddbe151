"""The documentation: its code runs, its commands exist with their options, its page of errors quotes real messages."""

import io
import re
import shlex
import shutil
import sys
import tomllib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from lwisp_mobile.bundle.bundle import shipped_bundle
from lwisp_mobile.cli.main import configured_parser, installed, main
from lwisp_mobile.cli.reference import command_reference

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))
TEXTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *PAGES]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sample_dng: Path) -> Path:
    """A working folder with the files that the pages speak of."""
    shutil.copy(sample_dng, tmp_path / "photo.dng")
    shutil.copytree(shipped_bundle("lwisp-lite").folder, tmp_path / "lwisp-lite")
    key = ec.generate_private_key(ec.SECP256R1())
    no_password, pem = serialization.NoEncryption(), serialization.Encoding.PEM
    (tmp_path / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, no_password))
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pub").write_bytes(public)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "bash")], ids=lambda page: page.name)
def test_the_shell_blocks_run(page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for line in "".join(blocks(page, "bash")).splitlines():
        words = shlex.split(line)
        if words[0] == "pip":
            extra = re.search(r"\[(\w+)\]", line)
            assert extra is not None
            assert extra[1] in EXTRAS
            continue
        assert words[0] == "lwisp"
        if "<" in words:
            words, source = words[: words.index("<")], words[-1]
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((folder / source).read_bytes())))
        assert main(words[1:]) == 0 or words[1:3] == ["bench", "compare"], line


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=lambda page: page.name)
@pytest.mark.usefixtures("folder")
def test_the_python_blocks_run(page: Path) -> None:
    for block in blocks(page, "python"):
        exec(compile(block, str(page), "exec"), {})


def commands(page: Path) -> list[str]:
    """Lines of a page that are commands, without their remarks."""
    lines = (line.strip() for line in page.read_text(encoding="utf-8").replace("\\\n", " ").splitlines())
    # Rows of a table begin with a model and its precision.
    return [re.split(r"\s#", line)[0] for line in lines if re.match(r"lwisp (?!fp16|int8)[a-z]", line)]


@pytest.mark.slow
@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.name)
def test_every_command_line_can_be_parsed(page: Path) -> None:
    """Also those that take too long to run: no page has an option that isn't there."""
    entries = {entry.name: entry for entry in installed()}
    for line in commands(page):
        for command in re.split(r" && ", line):
            words = shlex.split(re.split(r" [<|>] ", command)[0])
            assert words[1] in entries, line
            try:
                configured_parser(entries[words[1]]).parse_args([word for word in words[2:] if word != "…"])
            except SystemExit:
                pytest.fail(f"{page.name}: {line}")


def test_the_reference_has_every_command() -> None:
    """Also that every help can be shown: argparse formats a lone % only then, and fails."""
    text = command_reference(installed())
    assert all(f"\n## lwisp {entry.name}\n" in text for entry in installed())
    assert "\n### lwisp bench report\n" in text


def test_the_licences_are_those_of_what_is_installed() -> None:
    pins = (ROOT / "constraints/runtime.txt").read_text(encoding="utf-8").splitlines()
    names = {pin.partition("==")[0] for pin in pins if "==" in pin}
    rows = (ROOT / "docs/licences.md").read_text(encoding="utf-8").splitlines()
    listed = {row.split("|")[1].strip() for row in rows if row.startswith("| ")} - {"package"}
    assert listed == names | {"pillow", "rawpy"}


def quoted_messages() -> list[str]:
    rows = (ROOT / "docs/errors.md").read_text(encoding="utf-8").splitlines()
    firsts = [row.split("|")[1] for row in rows if row.startswith("| `")]
    return [quoted for first in firsts for quoted in re.findall(r"`([^`]+)`", first)]


def test_the_page_of_errors_quotes_real_messages() -> None:
    folders = ("lwisp_mobile", "export/lwisp_export")
    source = "".join(path.read_text(encoding="utf-8") for name in folders for path in (ROOT / name).rglob("*.py"))
    # Long messages are written in several pieces.
    joined = re.sub(r'"\s+f?"', "", source)
    assert len(quoted_messages()) > 15
    assert not [quoted for quoted in quoted_messages() if quoted not in joined]
