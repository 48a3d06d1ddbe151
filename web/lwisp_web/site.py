"""The site: the page, the packages it loads, bundles and the sample, in one folder of static files."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from lwisp_mobile.bundle.archive import read_member
from lwisp_mobile.bundle.bundle import CONTRACT_FILE, Bundle
from lwisp_mobile.errors import UsageError
from lwisp_web.errors import WebError
from lwisp_web.packages import PAGE, PINS

_PARTS = {
    "@litertjs/core/dist": ("index.js",),
    "@litertjs/core/wasm": tuple(
        f"litert_wasm_{build}internal.{suffix}" for build in ("", "compat_", "threaded_") for suffix in ("js", "wasm")
    ),
    "@litertjs/wasm-utils/dist": ("index.js",),
    "libraw-wasm/dist": ("index.js", "worker.js", "libraw.js", "libraw.wasm"),
}
"""What of the packages the page loads."""
_BARE_IMPORT = 'from "@litertjs/wasm-utils"'
_RELATIVE_IMPORT = 'from "../../wasm-utils/dist/index.js"'


def build_site(folder: Path, bundles: Sequence[Bundle], packages: Path) -> None:
    """Write the site into a folder, which is made if need be; other files in it stay.

    bundles: those the page offers, the first by default. packages: node_modules, as `browser_packages` gives it.
    Raises UsageError on two bundles of one name, BundleError if a model doesn't match its hash, WebError if the folder
    can't be written.
    """
    try:
        _write(folder, bundles, packages)
    except OSError as error:
        raise WebError(
            f"{folder}: the site can't be written ({error}). Check permissions and the space left."
        ) from error


def _write(folder: Path, bundles: Sequence[Bundle], packages: Path) -> None:
    names = [bundle.name for bundle in bundles]
    if len({*names}) < len(names):
        raise UsageError(f"Two bundles have the same name ({', '.join(names)}); the page tells them apart by it.")
    ignored = shutil.ignore_patterns(*PINS, "node_modules", "*.md")
    shutil.copytree(PAGE, folder, ignore=ignored, dirs_exist_ok=True)
    _copy_packages(packages, folder / "vendor")
    for bundle in bundles:
        _copy_bundle(bundle, folder / "models" / bundle.name)
    (folder / "models" / "index.json").write_text(json.dumps(names), encoding="utf-8")


def _copy_packages(packages: Path, vendor: Path) -> None:
    for part, names in _PARTS.items():
        (vendor / part).mkdir(parents=True, exist_ok=True)
        for name in names:
            shutil.copyfile(packages / part / name, vendor / part / name)
    _resolve_import(vendor / "@litertjs/core/dist/index.js")


def _resolve_import(module: Path) -> None:
    """Name a module by its place: workers have no import maps."""
    text = module.read_text(encoding="utf-8")
    if text.count(_BARE_IMPORT) != 1:
        raise WebError(f"{module.name} of LiteRT.js doesn't import wasm-utils as expected; use the pinned version.")
    module.write_text(text.replace(_BARE_IMPORT, _RELATIVE_IMPORT), encoding="utf-8")


def _copy_bundle(bundle: Bundle, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONTRACT_FILE).write_bytes(read_member(bundle.folder, CONTRACT_FILE))
    for model in bundle.models:
        (folder / model.file).write_bytes(bundle.read(model.contract.precision))
