"""Bundles as .zip: what packs and reads back, and archives made to do harm."""

import io
import os
import shutil
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from lwisp_mobile.bundle import archive
from lwisp_mobile.bundle.archive import read_all, read_member, write_archive
from lwisp_mobile.bundle.bundle import CONTRACT_FILE, load_bundle, shipped_bundle
from lwisp_mobile.cli.main import main
from lwisp_mobile.errors import BundleError


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    path = tmp_path / "lwisp.zip"
    write_archive(path, read_all(shipped_bundle().folder))
    return path


def zipped(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as file:
        for name, content in members:
            file.writestr(name, content)
    return path


def test_a_zip_is_the_same_bundle(packed: Path) -> None:
    folder, archived = shipped_bundle(), load_bundle(packed)
    assert (archived.name, archived.models) == (folder.name, folder.models)
    for model in folder.models:
        assert archived.read(model.contract.precision) == folder.read(model.contract.precision)


def test_equal_bundles_are_equal_archives(packed: Path, tmp_path: Path) -> None:
    write_archive(tmp_path / "again.zip", dict(reversed(read_all(packed).items())))
    assert (tmp_path / "again.zip").read_bytes() == packed.read_bytes()


def test_any_zip_program_will_do(tmp_path: Path) -> None:
    members = tuple(read_all(shipped_bundle().folder).items())
    assert load_bundle(zipped(tmp_path / "plain.zip", *members)).read("int8")


def test_the_commands_take_a_zip(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["time", "--bundle", packed.name, "--runs", "1", "--size", "32", "--threads", "1"]) == 0
    assert main(["pack", str(shipped_bundle().folder), "-o", "other.zip"]) == 0
    assert (tmp_path / "other.zip").read_bytes() == packed.read_bytes()
    assert main(["pack", str(shipped_bundle().folder), "-o", "other.tar"]) == 2
    assert "isn't named .zip" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name",
    [
        "../contract.json",
        "/etc/passwd",
        "..\\contract.json",
        "C:contract.json",
        "lwisp/contract.json",
        "folder/",
        "..",
        ".hidden",
        "line\nbreak",
    ],
)
def test_no_name_reaches_out_of_the_archive(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "a.zip", (CONTRACT_FILE, b"{}"), (name, b""))
    with pytest.raises(BundleError, match="isn't a plain file name"):
        read_member(path, CONTRACT_FILE)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", [CONTRACT_FILE, "CONTRACT.JSON"])
def test_one_name_stands_for_one_file(tmp_path: Path, second: str) -> None:
    path = zipped(tmp_path / "a.zip", (CONTRACT_FILE, b"{}"), (second, b"[]"))
    with pytest.raises(BundleError, match="more than once"):
        read_member(path, CONTRACT_FILE)


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path / "a.zip", (CONTRACT_FILE, bytes(10_000_000)), method=zipfile.ZIP_DEFLATED)
    monkeypatch.setattr(zipfile.ZipFile, "read", unread)
    with pytest.raises(BundleError, match=r"unpacks from \d+ to 10000000 bytes"):
        read_member(path, CONTRACT_FILE)


def unread(*_: object) -> bytes:
    raise AssertionError("a member was unpacked")


def test_many_middling_members_are_a_bomb_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_BUNDLE_BYTES", 5000)
    content = os.urandom(1000)
    path = zipped(tmp_path / "a.zip", *((f"{i}", b"1" * 50 + content) for i in range(4)), method=zipfile.ZIP_DEFLATED)
    assert len(read_all(path)) == 4
    monkeypatch.setattr(archive, "MAX_BUNDLE_BYTES", path.stat().st_size)
    with pytest.raises(BundleError, match=f"at most {path.stat().st_size} are read"):
        read_all(zipped(path, *((f"{i}", b"1" * 900) for i in range(6)), method=zipfile.ZIP_DEFLATED))


def test_a_member_that_is_larger_than_it_says_is_not_read_on(tmp_path: Path) -> None:
    """The table of contents says 2 bytes; what comes is compared with it."""
    path = zipped(tmp_path / "a.zip", (CONTRACT_FILE, b"{}" * 50_000), method=zipfile.ZIP_DEFLATED)
    content = path.read_bytes()
    path.write_bytes(content.replace(struct.pack("<I", 100_000), struct.pack("<I", 2)))
    with pytest.raises(BundleError, match=r"isn't a readable \.zip"):
        read_member(path, CONTRACT_FILE)


def test_too_many_files(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", *((f"{i}", b"") for i in range(33)))
    with pytest.raises(BundleError, match="33 files; a bundle has at most 32"):
        read_member(path, CONTRACT_FILE)


def test_links_are_not_followed(tmp_path: Path) -> None:
    link = zipfile.ZipInfo(CONTRACT_FILE)
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(BundleError, match="a link or a device"):
        read_member(zipped(tmp_path / "a.zip", (link, b"/etc/passwd")), CONTRACT_FILE)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_rare_packings_are_refused(tmp_path: Path, method: int) -> None:
    with pytest.raises(BundleError, match="has compression"):
        read_member(zipped(tmp_path / "a.zip", (CONTRACT_FILE, b"{}"), method=method), CONTRACT_FILE)


def test_an_encrypted_member_is_refused(packed: Path) -> None:
    content = bytearray(packed.read_bytes())
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = content.index(signature)
        content[at + offset] |= 1
    packed.write_bytes(content)
    with pytest.raises(BundleError, match="encrypted"):
        read_all(packed)


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip at all", b"PK\5\6" + bytes(18)])
def test_what_is_no_zip(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    with pytest.raises(BundleError, match=r"a\.zip"):
        load_bundle(path)


def test_every_cut_is_met(packed: Path) -> None:
    whole = packed.read_bytes()
    for cut in range(0, len(whole), len(whole) // 40):
        packed.write_bytes(whole[:cut])
        with pytest.raises(BundleError):
            load_bundle(packed)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.zip")
    os.mkfifo(tmp_path / CONTRACT_FILE)
    for path in (tmp_path / "a.zip", tmp_path):
        with pytest.raises(BundleError, match="isn't a file"):
            load_bundle(path)


def test_a_folder_within_is_no_bundle_to_pack(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    with pytest.raises(BundleError, match="isn't a file"):
        read_all(tmp_path)


def test_a_broken_archive_is_not_left_behind(tmp_path: Path) -> None:
    with pytest.raises(BundleError):
        write_archive(tmp_path / "a.zip", {"../a": b""})
    assert not list(tmp_path.iterdir())


def test_names_are_read_as_written(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("a.txt\0.tflite", b"")
    (tmp_path / "a.zip").write_bytes(buffer.getvalue().replace(b"a.txt", b"b.txt", 1))
    with pytest.raises(BundleError):
        read_all(tmp_path / "a.zip")


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "desktop.ini", "._contract.json"])
def test_what_file_managers_leave_is_no_part_of_a_bundle(tmp_path: Path, name: str) -> None:
    folder = Path(shutil.copytree(shipped_bundle().folder, tmp_path / "bundle"))
    files = read_all(folder)
    (folder / name).write_bytes(b"seen")
    assert read_all(folder) == files
    archive = zipped(tmp_path / "a.zip", (name, b"seen"), *files.items())
    assert read_all(archive) == files
    assert load_bundle(archive).models == load_bundle(folder).models == shipped_bundle().models
