"""Node for the page's modules, and a browser for the page; a machine without them skips, with the reason."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lwisp_mobile.bundle.bundle import shipped_bundle
from lwisp_web.errors import WebError
from lwisp_web.packages import browser_packages
from lwisp_web.site import build_site
from tests.web.page_in_browser import Browser, served

MIN_NODE = 20


@pytest.fixture(scope="session")
def node() -> str:
    """Node's command."""
    command = shutil.which("node")
    if command is None:
        pytest.skip("node isn't installed: the page's JavaScript isn't tested")
    version = subprocess.run([command, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.removeprefix("v").partition(".")[0]) < MIN_NODE:
        pytest.skip(f"node is {version.strip()}; {MIN_NODE} or newer is needed to test the page's JavaScript")
    return command


@pytest.fixture(scope="session")
def modules(node: str) -> Path:
    """The page's packages and the tests', installed on first use."""
    try:
        return browser_packages(lambda _: None, with_tests=True)
    except WebError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def chromium(node: str, modules: Path) -> str:
    """The system's Chromium or Chrome, else the one that npm brings."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    command = found or str(unpacked_chromium(node, modules))
    if subprocess.run([command, "--version"], capture_output=True, check=False).returncode:
        pytest.skip(f"{command} doesn't run here: the page isn't tested in a browser")
    return command


def unpacked_chromium(node: str, modules: Path) -> Path:
    """Npm's Chromium with the libraries that it needs, as one command."""
    folder = modules.parent / "chromium"
    command = folder / "run"
    if not command.exists():
        folder.mkdir(exist_ok=True)
        # The package unpacks its libraries where it takes the machine for the one it's made for.
        environment = {**os.environ, "TMPDIR": str(folder), "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs22.x"}
        program = "import(process.argv[1]).then((package) => package.default.executablePath())"
        module = modules / "@sparticuz/chromium/build/esm/index.js"
        subprocess.run([node, "-e", program, module], env=environment, check=True)
        command.write_text(
            f'#!/bin/sh\nLD_LIBRARY_PATH={folder}/al2023/lib exec {folder}/chromium "$@"\n', encoding="utf-8"
        )
        command.chmod(0o755)
    return command


@pytest.fixture(scope="session")
def site(modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site with the shipped bundles."""
    folder = tmp_path_factory.mktemp("site")
    build_site(folder, [shipped_bundle("lwisp"), shipped_bundle("lwisp-lite")], modules)
    return folder


@pytest.fixture
def browser(node: str, modules: Path, chromium: str, site: Path, tmp_path: Path) -> Iterator[Browser]:
    """The page, served and ready to be used."""
    with served(site) as url:
        yield Browser(node, modules, chromium, url, tmp_path)
