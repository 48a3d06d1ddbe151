"""Bundles: one student's models with their contracts and hashes, in a folder or a .zip."""

import hashlib
import json
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

from lwisp_mobile.bundle.archive import is_plain_name, read_member
from lwisp_mobile.contract import ModelContract, from_tree, to_json
from lwisp_mobile.errors import BundleError
from lwisp_mobile.serialize.files import atomic_write
from lwisp_mobile.serialize.from_dict import from_dict
from lwisp_mobile.tflite.verifier import verify_tflite

BUNDLE_VERSION = 1
CONTRACT_FILE = "contract.json"


@dataclass(frozen=True)
class ModelFile:
    """One model of a bundle."""

    file: str
    """File name inside the bundle."""
    sha256: str
    bytes: int
    contract: ModelContract


@dataclass(frozen=True)
class Bundle:
    """Models exported from one checkpoint."""

    folder: Path
    """The folder or .zip with the files."""
    name: str
    models: tuple[ModelFile, ...]

    def model(self, precision: str) -> ModelFile:
        """Return the model of a precision (int8, fp16, float32). Raises BundleError naming those there are."""
        for model in self.models:
            if model.contract.precision == precision:
                return model
        known = ", ".join(model.contract.precision for model in self.models)
        raise BundleError(f"{self.folder} has no {precision} model; it has: {known}.")

    def read(self, precision: str) -> bytes:
        """Read a model's bytes, check their hash before anything parses them, and then that they are a sound .tflite.

        Raises BundleError on any difference from the contract, ModelError if the .tflite mustn't be run.
        """
        model = self.model(precision)
        data = read_member(self.folder, model.file)
        found = hashlib.sha256(data).hexdigest()
        if found != model.sha256 or len(data) != model.bytes:
            raise BundleError(
                f"{self.folder / model.file}: sha256 is {found[:16]}…, {CONTRACT_FILE} says {model.sha256[:16]}… "
                f"({len(data)} bytes, {model.bytes} expected). Copy the bundle again; don't run this file."
            )
        verify_tflite(data)
        return data


def shipped_names() -> tuple[str, ...]:
    """Names of the bundles inside the package."""
    return tuple(sorted(path.parent.name for path in _models_folder().glob(f"*/{CONTRACT_FILE}")))


def shipped_bundle(name: str = "lwisp") -> Bundle:
    """Load a bundle that ships inside the package. Raises BundleError, naming those that do, if this one doesn't."""
    names = shipped_names()
    if name not in names:
        raise BundleError(f"No bundle named {name!r} ships with lwisp-mobile; there are: {', '.join(names) or 'none'}.")
    return load_bundle(_models_folder() / name)


def _models_folder() -> Path:
    return Path(str(files("lwisp_mobile"))) / "models"


def load_bundle(path: str | Path) -> Bundle:
    """Read the contract of a bundle, a folder or a .zip; `Bundle.read` reads and checks the models themselves.

    Raises BundleError if contract.json is missing, broken or of another version, ContractError for a model's contract.
    """
    return parse_bundle(Path(path), read_member(Path(path), CONTRACT_FILE))


def parse_bundle(folder: Path, contract: bytes) -> Bundle:
    """Read a bundle's contract from the bytes of its contract.json. Raises BundleError or ContractError."""
    path = folder / CONTRACT_FILE
    try:
        tree = json.loads(contract)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{path} isn't JSON ({error}). Copy the bundle again, or export it again.") from error
    _check_version(tree.get("bundle_version") if isinstance(tree, dict) else None, path)
    manifest = from_dict(_Manifest, tree, str(path), BundleError)
    return Bundle(folder, manifest.name, tuple(_model_file(entry, path) for entry in manifest.models))


def _check_version(version: object, path: Path) -> None:
    if version == BUNDLE_VERSION and not isinstance(version, bool):
        return
    if isinstance(version, int) and 0 <= version < BUNDLE_VERSION:
        # Never read leniently: replacing a new bundle by an old one mustn't get around newer checks.
        raise BundleError(
            f"{path}: bundle version {version} is older than {BUNDLE_VERSION}, which this release needs. Export again."
        )
    raise BundleError(
        f"{path}: bundle version {version!r}; this release reads {BUNDLE_VERSION}. Update lwisp-mobile or export again."
    )


def write_bundle(bundle: Bundle) -> None:
    """Write a bundle's contract.json next to its models."""
    models = [{**asdict(model), "contract": json.loads(to_json(model.contract))} for model in bundle.models]
    tree = {"bundle_version": BUNDLE_VERSION, "name": bundle.name, "models": models}
    with atomic_write(bundle.folder / CONTRACT_FILE) as temporary:
        temporary.write_text(json.dumps(tree, indent=1, sort_keys=True, allow_nan=False) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class _Entry:
    file: str
    sha256: str
    bytes: int
    contract: dict  # type: ignore[type-arg]  # checked by from_tree, its version first


@dataclass(frozen=True)
class _Manifest:
    bundle_version: int
    name: str
    models: tuple[_Entry, ...]


def _model_file(entry: _Entry, path: Path) -> ModelFile:
    name = entry.file
    if not is_plain_name(name):
        raise BundleError(f"{path}: model file {name!r} isn't a plain file name. Export again.")
    return ModelFile(name, entry.sha256, entry.bytes, from_tree(entry.contract, str(path)))
