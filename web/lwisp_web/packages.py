"""The page's JavaScript packages: LiteRT.js and LibRaw, installed by npm into a cache folder on first use."""

import hashlib
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

from lwisp_mobile.progress import Progress
from lwisp_mobile.serialize.folders import atomic_folder, user_cache
from lwisp_web.errors import WebError

PAGE = Path(str(files("lwisp_web"))) / "page"
PINS = ("package.json", "package-lock.json")
TIMEOUT_S = 900.0
"""For the download over a slow line."""
_INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund")
_LOG_TAIL_LINES = 12


def browser_packages(progress: Progress, *, with_tests: bool = False) -> Path:
    """The folder node_modules with what the page needs, installed if it isn't there yet.

    progress: called once, before that. with_tests: the tests' packages, too. Raises WebError if npm is missing or
    fails.
    """
    folder = _folder(with_tests)
    if not folder.is_dir():
        progress(f"Installing LiteRT.js and LibRaw (once, about 50 MB) in {folder}")
        _install(folder, with_tests)
    return folder / "node_modules"


def _folder(with_tests: bool) -> Path:
    key = hashlib.sha256(b"".join((PAGE / name).read_bytes() for name in PINS)).hexdigest()[:16]
    return user_cache("lwisp-mobile") / f"web-{'tests-' * with_tests}{key}"


def _install(folder: Path, with_tests: bool) -> None:
    with atomic_folder(folder) as building:
        for name in PINS:
            shutil.copy(PAGE / name, building / name)
        _run_npm([*_INSTALL, *([] if with_tests else ["--omit=dev"])], building)


def _run_npm(arguments: list[str], folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise WebError("npm isn't installed; the page's packages come from it. Install Node.js 20 or newer.")
    try:
        done = subprocess.run(
            [npm, *arguments], cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise WebError(f"npm took longer than {TIMEOUT_S:.0f} s. Check the connection, and try again.") from error
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-_LOG_TAIL_LINES:])
        raise WebError(f"npm can't install the page's packages. Check the connection, and try again. It says:\n{tail}")
