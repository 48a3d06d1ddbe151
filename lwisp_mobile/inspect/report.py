"""What a file contains (a RAW file, a .tflite or a bundle), as one tree of plain values.

Other distributions may add kinds of files by the entry point group `lwisp.inspectors`: suffix -> function.
"""

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from lwisp_mobile.bundle.archive import is_bundle_path
from lwisp_mobile.bundle.bundle import CONTRACT_FILE, load_bundle
from lwisp_mobile.contract import METADATA_NAME, from_json
from lwisp_mobile.errors import ModelError, UsageError
from lwisp_mobile.inspect.audit import StrictReport, examine
from lwisp_mobile.inspect.model_facts import delegate_coverage, inspect_tflite, read_metadata, signature_coverage
from lwisp_mobile.raw.description import describe
from lwisp_mobile.raw.hints import RawHints
from lwisp_mobile.raw.reader import read_raw
from lwisp_mobile.serialize.files import file_sha256, read_file

GROUP = "lwisp.inspectors"
MAX_TFLITE_BYTES = 256 << 20


def inspect_file(path: Path, hints: RawHints) -> dict[str, Any]:
    """Describe a file according to its kind. Raises the LwispError of that kind if it is broken."""
    if is_bundle_path(path):
        return inspect_bundle(path)
    if path.suffix == ".tflite":
        return inspect_model(path)
    for point in entry_points(group=GROUP, name=path.suffix.lstrip(".")):
        inspector: Callable[[Path], dict[str, Any]] = point.load()
        return inspector(path)
    return inspect_raw(path, hints)


def inspect_bundle(folder: Path) -> dict[str, Any]:
    """Describe every model of a bundle, hashes checked."""
    if folder.is_dir() and not (folder / CONTRACT_FILE).exists():
        raise UsageError(f"{folder} has no {CONTRACT_FILE}, so it isn't a bundle. Give a file or a bundle's folder.")
    bundle = load_bundle(folder)
    models = [{"file": model.file, **_describe(bundle.read(model.contract.precision))} for model in bundle.models]
    return {"kind": "bundle", "name": bundle.name, "models": models}


def inspect_model(path: Path) -> dict[str, Any]:
    """Describe the graph, delegate coverage and contract of any .tflite."""
    return {"kind": "tflite", "file": str(path), **_describe(_read_model(path))}


def examine_file(path: Path) -> dict[str, StrictReport]:
    """Audit what a .tflite or a bundle's models really compute, by file name. Raises UsageError on other files."""
    if is_bundle_path(path):
        bundle = load_bundle(path)
        return {model.file: examine(bundle.read(model.contract.precision)) for model in bundle.models}
    if path.suffix != ".tflite":
        raise UsageError(f"{path} isn't a model; --strict examines a .tflite or a bundle.")
    return {path.name: examine(_read_model(path))}


def _read_model(path: Path) -> bytes:
    try:
        return read_file(path, MAX_TFLITE_BYTES)
    except OSError as error:
        raise ModelError(f"{path} can't be read ({error.strerror}). Give a .tflite file.") from error


def _describe(data: bytes) -> dict[str, Any]:
    facts, coverage = inspect_tflite(data), signature_coverage(data)
    contract = read_metadata(data, METADATA_NAME)
    return {
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        **asdict(facts),
        "signatures": [{**asdict(facts), "delegate": asdict(coverage[facts.name])} for facts in facts.signatures],
        "macs_at_shape": list(facts.inputs[0].shape),
        "delegate": asdict(delegate_coverage(data)),
        "contract": None if contract is None else asdict(from_json(contract, "the model's metadata")),
    }


def inspect_raw(path: Path, hints: RawHints) -> dict[str, Any]:
    """Describe a RAW file: its metadata, not its samples."""
    return {
        "kind": "raw",
        "file": str(path),
        "sha256": file_sha256(path),
        **describe(read_raw(path, hints)),
    }
