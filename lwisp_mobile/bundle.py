"""Bundles: a folder with a student's models, their contracts and their hashes."""

import hashlib
import json
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

from lwisp_mobile.contract import ModelContract, from_tree, to_json
from lwisp_mobile.errors import BundleError
from lwisp_mobile.files import atomic_write
from lwisp_mobile.tree import build

BUNDLE_VERSION = 1
CONTRACT_FILE = "contract.json"
MAX_MODEL_BYTES = 256 << 20
"""A student is under 10 MB; nothing near this size is read."""


@dataclass(frozen=True)
class ModelFile:
    """One model of a bundle."""

    file: str
    """File name inside the bundle's folder."""
    sha256: str
    bytes: int
    contract: ModelContract


@dataclass(frozen=True)
class Bundle:
    """A folder of models made from one checkpoint."""

    folder: Path
    name: str
    models: tuple[ModelFile, ...]

    def model(self, precision: str) -> ModelFile:
        """The model of a precision (int8, fp16, float32). Raises BundleError naming what there is."""
        for model in self.models:
            if model.contract.precision == precision:
                return model
        known = ", ".join(model.contract.precision for model in self.models)
        raise BundleError(f"{self.folder} holds no {precision} model; it holds: {known}.")

    def read(self, precision: str) -> bytes:
        """The bytes of a model, hashed before anything parses them. Raises BundleError on any difference."""
        model = self.model(precision)
        path = self.folder / model.file
        data = _read_capped(path)
        found = hashlib.sha256(data).hexdigest()
        if found != model.sha256:
            raise BundleError(
                f"{path}: sha256 is {found[:16]}…, {CONTRACT_FILE} says {model.sha256[:16]}… "
                f"({len(data)} bytes, {model.bytes} expected). Copy the bundle again; don't run this file."
            )
        return data


def shipped_bundle(name: str = "lwisp") -> Bundle:
    """A bundle that ships inside the package. Raises BundleError if there's none of that name."""
    folder = Path(str(files("lwisp_mobile"))) / "models"
    names = sorted(path.parent.name for path in folder.glob(f"*/{CONTRACT_FILE}"))
    if name not in names:
        raise BundleError(f"No bundle named {name!r} ships with lwisp-mobile; there are: {', '.join(names) or 'none'}.")
    return load_bundle(folder / name)


def load_bundle(folder: Path) -> Bundle:
    """Read a bundle's contract; the models' bytes are read and hashed by `Bundle.read`.

    Raises BundleError if contract.json is missing or broken, ContractError if it's of another version.
    """
    path = folder / CONTRACT_FILE
    try:
        tree = json.loads(_read_capped(path))
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{path} isn't JSON ({error}). Copy the bundle again or export again.") from error
    version = tree.get("bundle_version") if isinstance(tree, dict) else None
    if version != BUNDLE_VERSION:
        raise BundleError(
            f"{path}: bundle version {version!r}; this release reads {BUNDLE_VERSION}. "
            "Update lwisp-mobile or export again."
        )
    manifest = build(_Manifest, tree, str(path), BundleError)
    return Bundle(folder, manifest.name, tuple(_model_file(entry, path) for entry in manifest.models))


def write_bundle(bundle: Bundle) -> None:
    """Write a bundle's contract.json; the models must be there already."""
    models = [{**asdict(model), "contract": json.loads(to_json(model.contract))} for model in bundle.models]
    tree = {"bundle_version": BUNDLE_VERSION, "name": bundle.name, "models": models}
    with atomic_write(bundle.folder / CONTRACT_FILE) as temporary:
        temporary.write_text(json.dumps(tree, indent=1, sort_keys=True, allow_nan=False) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class _Entry:
    file: str
    sha256: str
    bytes: int
    contract: dict  # type: ignore[type-arg]  # checked by from_tree, which looks at its version first


@dataclass(frozen=True)
class _Manifest:
    bundle_version: int
    name: str
    models: tuple[_Entry, ...]


def _model_file(entry: _Entry, path: Path) -> ModelFile:
    name = entry.file
    if Path(name).name != name or name in ("", ".", ".."):
        raise BundleError(f"{path}: model file {name!r} isn't a plain file name beside the contract. Export again.")
    return ModelFile(name, entry.sha256, entry.bytes, from_tree(entry.contract, str(path)))


def _read_capped(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_MODEL_BYTES:
            raise BundleError(f"{path} has {size} bytes; at most {MAX_MODEL_BYTES} are read.")
        return path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path} can't be read ({error.strerror}). Give a bundle's folder.") from error
