"""Downloads: by hash, cached, and their failures by name."""

import hashlib
import http.server
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lwisp_bench.devices.brought_runtime import runtime_parts
from lwisp_bench.devices.downloads import MIRROR_VARIABLE, DebianPackage, fetch_package, install_wheels, package_files
from lwisp_bench.errors import DownloadError

NAME = "pool/main/s/some/some_1.0+deb1_arm64.deb"


@pytest.fixture
def deb(tmp_path: Path) -> bytes:
    """A package of one file."""
    if shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg-deb isn't installed")
    folder = tmp_path / "package"
    (folder / "DEBIAN").mkdir(parents=True)
    (folder / "DEBIAN/control").write_text(
        "Package: some\nVersion: 1\nArchitecture: arm64\nMaintainer: T\nDescription: t\n"
    )
    (folder / "file").write_text("content")
    subprocess.run(["dpkg-deb", "-Zxz", "-b", folder, tmp_path / "some.deb"], check=True, capture_output=True)
    return (tmp_path / "some.deb").read_bytes()


@pytest.fixture
def served(deb: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[str]]:
    """A mirror that serves any name; yields what it was asked for."""
    asked: list[str] = []

    class Mirror(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(deb)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Mirror) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv(MIRROR_VARIABLE, f"http://127.0.0.1:{server.server_port}/debian/")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        yield asked
        server.shutdown()


def test_a_package_is_fetched_once_and_read(deb: bytes, served: list[str]) -> None:
    package = DebianPackage(NAME, hashlib.sha256(deb).hexdigest())
    assert fetch_package(package) == fetch_package(package) == deb
    assert served == ["/debian/pool/main/s/some/some_1.0%2Bdeb1_arm64.deb"]
    content = package_files(deb).extractfile("./file")
    assert content is not None
    assert content.read() == b"content"


def test_another_version_than_the_pinned_one_is_refused(served: list[str]) -> None:
    with pytest.raises(DownloadError, match=r"some_1\.0.*has the hash"):
        fetch_package(DebianPackage(NAME, "0" * 64))


def test_a_damaged_copy_in_the_cache_is_fetched_again(deb: bytes, served: list[str], tmp_path: Path) -> None:
    package = DebianPackage(NAME, hashlib.sha256(deb).hexdigest())
    fetch_package(package)
    (tmp_path / "cache/lwisp-bench/debs" / package.sha256).write_bytes(b"damaged")
    assert fetch_package(package) == deb
    assert len(served) == 2


def test_a_mirror_that_cannot_be_reached_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv(MIRROR_VARIABLE, "http://127.0.0.1:9/debian")
    with pytest.raises(DownloadError, match=f"some_1.*{MIRROR_VARIABLE}"):
        fetch_package(DebianPackage(NAME, "0" * 64))


def test_wheels_that_cannot_be_had_are_named(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="wheels for Python"):
        install_wheels("numpy==2.4.6 --hash=sha256:" + "0" * 64, "3.11", tmp_path / "site")


def test_every_part_is_pinned_by_its_hash() -> None:
    parts = runtime_parts()
    assert all(len(package.sha256) == 64 and package.path.endswith("_arm64.deb") for package in parts.packages)
    assert all("--hash=sha256:" in line for line in parts.wheels.strip().splitlines())


def test_a_file_that_is_no_package_is_refused() -> None:
    with pytest.raises(DownloadError, match="no data"):
        package_files(b"!<arch>\n")
