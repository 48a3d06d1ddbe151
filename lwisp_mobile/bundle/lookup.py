"""Bundles by what a user types: the name of a shipped one, a folder or a .zip."""

import os
from pathlib import Path

from lwisp_mobile.bundle.archive import is_bundle_path
from lwisp_mobile.bundle.bundle import Bundle, load_bundle, shipped_bundle, shipped_names


def find_bundle(name: str | Path, key: Path | None = None) -> Bundle:
    """Load a bundle.

    name: of a shipped bundle, or a folder or .zip. A shipped name wins over a folder of that name; write ./NAME, or
    give a Path, for the folder. key: the public key (PEM) that the bundle must be signed by; None: not checked.
    Raises BundleError if there is no such bundle or it is broken, SignatureError if it isn't signed by the key.
    """
    path = _path(name)
    if key is None:
        return load_bundle(path)
    # Imported here: most bundles are used without a key, and reading one needs none of it.
    from lwisp_mobile.bundle.signing import load_signed_bundle  # noqa: PLC0415

    return load_signed_bundle(path, key)


def named_path(name: str) -> Path:
    """The folder of a shipped bundle for its name, else the path that it is; ./NAME is always a path."""
    return shipped_bundle(name).folder if name in shipped_names() else Path(name)


def _path(name: str | Path) -> Path:
    if isinstance(name, Path) or os.sep in name or "/" in name:
        return Path(name)
    if name not in shipped_names() and is_bundle_path(Path(name)):
        return Path(name)
    return shipped_bundle(name).folder
