"""Bundles by what a user types."""

import shutil
from pathlib import Path

import pytest

from lwisp_mobile.bundle.archive import read_all, write_archive
from lwisp_mobile.bundle.bundle import shipped_bundle
from lwisp_mobile.bundle.lookup import find_bundle
from lwisp_mobile.errors import BundleError, SignatureError


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies of lwisp-lite in the working folder: in folders of a shipped bundle's name and another, and as a .zip."""
    monkeypatch.chdir(tmp_path)
    lite = shipped_bundle("lwisp-lite").folder
    for name in ("lwisp", "mine"):
        shutil.copytree(lite, name)
    write_archive(Path("lite.zip"), read_all(lite))


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("lwisp", shipped_bundle("lwisp").folder),
        ("./lwisp", Path("lwisp")),
        (Path("lwisp"), Path("lwisp")),
        ("mine", Path("mine")),
        ("lite.zip", Path("lite.zip")),
        (Path("lite.zip"), Path("lite.zip")),
    ],
)
def test_a_name_a_folder_or_a_zip(name: str | Path, folder: Path) -> None:
    """A shipped bundle isn't replaced by a folder that happens to have its name."""
    assert find_bundle(name).folder == folder


@pytest.mark.parametrize(
    ("name", "message"),
    [("nobody", "there are: lwisp, lwisp-lite"), ("./nobody", "can't be read"), (Path("nobody"), "can't be read")],
)
def test_what_isnt_there(name: str | Path, message: str) -> None:
    with pytest.raises(BundleError, match=message):
        find_bundle(name)


def test_a_key_needs_a_signature(tmp_path: Path) -> None:
    with pytest.raises(SignatureError, match="isn't signed"):
        find_bundle("lwisp", tmp_path / "key.pub")
