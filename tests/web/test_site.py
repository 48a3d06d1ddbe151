"""The site's folder and its server."""

import http.client
import json
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from lwisp_mobile.bundle.bundle import shipped_bundle
from lwisp_mobile.errors import BundleError, UsageError
from lwisp_web.errors import WebError
from lwisp_web.packages import browser_packages
from lwisp_web.server import addresses_of, make_server
from lwisp_web.site import build_site
from tests.web.page_in_browser import served

IMPORT = 'import { createWasmLib } from "@litertjs/wasm-utils";\n'


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A node_modules of the pinned packages' shape."""
    folder = tmp_path / "node_modules"
    for name in (
        "@litertjs/core/dist/index.js",
        *(
            f"@litertjs/core/wasm/litert_wasm_{build}internal.{suffix}"
            for build in ("", "compat_", "threaded_")
            for suffix in ("js", "wasm")
        ),
        "@litertjs/wasm-utils/dist/index.js",
        *(f"libraw-wasm/dist/{name}" for name in ("index.js", "worker.js", "libraw.js", "libraw.wasm")),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(IMPORT if name.endswith("core/dist/index.js") else name, encoding="utf-8")
    return folder


def test_the_site_is_complete(packages: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    build_site(site, [shipped_bundle("lwisp"), shipped_bundle("lwisp-lite")], packages)
    assert json.loads((site / "models/index.json").read_text(encoding="utf-8")) == ["lwisp", "lwisp-lite"]
    assert (site / "models/lwisp/lwisp.int8.tflite").read_bytes() == shipped_bundle().read("int8")
    assert (site / "models/lwisp-lite/contract.json").is_file()
    core = (site / "vendor/@litertjs/core/dist/index.js").read_text(encoding="utf-8")
    assert core == IMPORT.replace("@litertjs", "../..").replace("utils", "utils/dist/index.js")
    assert {"index.html", "sample.dng", "NOTICE.txt", "worker.js"} <= {path.name for path in site.iterdir()}
    assert not {"package.json", "package-lock.json"} & {path.name for path in site.iterdir()}


def test_every_module_that_the_page_imports_is_there(packages: Path, tmp_path: Path) -> None:
    build_site(tmp_path / "site", [shipped_bundle()], packages)
    for module in (path for path in (tmp_path / "site").rglob("*.js") if "vendor" not in path.parts):
        for line in module.read_text(encoding="utf-8").splitlines():
            if line.startswith(("import ", "} from")) and '"' in line:
                assert (module.parent / line.split('"')[1]).is_file(), f"{module.name}: {line}"


def test_another_version_of_a_package_is_refused(packages: Path, tmp_path: Path) -> None:
    (packages / "@litertjs/core/dist/index.js").write_text("// bundled", encoding="utf-8")
    with pytest.raises(WebError, match="use the pinned version"):
        build_site(tmp_path / "site", [], packages)


def test_bundles_are_told_apart_and_checked(packages: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="same name"):
        build_site(tmp_path / "site", [shipped_bundle(), shipped_bundle()], packages)
    shipped, damaged = shipped_bundle("lwisp-lite"), tmp_path / "damaged"
    damaged.mkdir()
    for path in shipped.folder.iterdir():
        (damaged / path.name).write_bytes(path.read_bytes()[: 1000 if path.suffix == ".tflite" else None])
    with pytest.raises(BundleError, match="sha256"):
        build_site(tmp_path / "site", [replace(shipped, folder=damaged)], packages)


def test_without_npm_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    told: list[str] = []
    with pytest.raises(WebError, match=r"npm isn't installed.*Node\.js 20"):
        browser_packages(told.append)
    assert len(told) == 1
    assert not list((tmp_path / "lwisp-mobile").iterdir())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A site of a few files, and a secret beside it."""
    site = tmp_path / "site"
    (site / "models").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    for name in ("index.html", "app.js", "engine.wasm", "models/index.json"):
        (site / name).write_text(name, encoding="utf-8")
    return site


def test_files_are_served_isolated_and_by_their_type(folder: Path) -> None:
    with served(folder) as url:
        for name, mime in (("", "text/html"), ("app.js", "text/javascript"), ("engine.wasm", "application/wasm")):
            with urllib.request.urlopen(url + name) as answer:
                assert answer.headers["Content-Type"].startswith(mime)
                assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
                assert answer.headers["Cross-Origin-Embedder-Policy"] == "require-corp"


@pytest.mark.parametrize("path", ["/models/", "/../secret.txt", "/%2e%2e/secret.txt", "/none"])
def test_nothing_else_is_served(folder: Path, path: str) -> None:
    with served(folder) as url:
        connection = http.client.HTTPConnection(urlsplit(url).netloc)
        connection.request("GET", path)
        assert connection.getresponse().status == 404


def test_nothing_is_taken(folder: Path) -> None:
    with served(folder) as url, pytest.raises(urllib.error.HTTPError, match="501"):
        urllib.request.urlopen(urllib.request.Request(url, data=b"photo"))


def test_folders_and_addresses_that_cannot_be_are_told(packages: Path, folder: Path) -> None:
    with pytest.raises(WebError, match="can't be written"):
        build_site(folder / "index.html" / "site", [], packages)
    with pytest.raises(WebError, match="another --port"):
        make_server(folder, "127.0.0.1", 70000)
    with pytest.raises(WebError, match="another --host"):
        addresses_of("no.such.host.invalid")


def test_a_taken_port_and_a_wrong_certificate_are_told(folder: Path, tmp_path: Path) -> None:
    with served(folder) as url, pytest.raises(WebError, match="another --port"):
        make_server(folder, "127.0.0.1", int(url.rstrip("/").rpartition(":")[2]))
    with pytest.raises(WebError, match="isn't a PEM file"):
        make_server(folder, "127.0.0.1", 0, tmp_path / "secret.txt")
