"""LiteRT.js, installed by npm into the cache on first use; its versions and hashes are in page/package-lock.json."""

import hashlib
import shutil
import subprocess
from pathlib import Path

from lwisp_bench.devices.downloads import cache_folder
from lwisp_bench.devices.transport import last_line
from lwisp_bench.errors import DownloadError
from lwisp_mobile.serialize.folders import atomic_folder

PAGE = Path(__file__).parent / "page"
_PINS = ("package.json", "package-lock.json")
_BARE_IMPORT, _RELATIVE_IMPORT = b'from "@litertjs/wasm-utils"', b'from "../../wasm-utils/dist/index.js"'
VERSION = "2.5.3"


def vendor_folder() -> Path:
    """The folder that @litertjs is in. Raises DownloadError without npm, or if it fails."""
    key = hashlib.sha256(b"".join((PAGE / name).read_bytes() for name in _PINS)).hexdigest()[:16]
    folder = cache_folder() / f"browser-{key}"
    if not folder.is_dir():
        _install(folder)
    return folder / "node_modules"


def _install(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise DownloadError("npm isn't installed; LiteRT.js comes from it. Install Node.js 20 or newer.")
    with atomic_folder(folder) as work:
        for name in _PINS:
            shutil.copy(PAGE / name, work)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise DownloadError(f"npm can't install LiteRT.js ({last_line(done.stderr)}). Check the network.")
        module = work / "node_modules/@litertjs/core/dist/index.js"
        module.write_bytes(module.read_bytes().replace(_BARE_IMPORT, _RELATIVE_IMPORT))  # workers have no import maps
