"""`lwisp models`: the models that ship, and copies of them for apps."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lwisp_mobile.bundle.archive import read_all
from lwisp_mobile.bundle.bundle import Bundle, shipped_bundle, shipped_names
from lwisp_mobile.cli.command import Command, add_json_option, print_result
from lwisp_mobile.cli.raw_options import add_raw_options, hints_of
from lwisp_mobile.errors import UsageError
from lwisp_mobile.frame.vectors import center_of, make_vectors, noise_frame
from lwisp_mobile.raw.image import RawImage
from lwisp_mobile.raw.reader import read_raw
from lwisp_mobile.serialize.files import atomic_write
from lwisp_mobile.serialize.json_text import to_json

VECTORS_FILE = "vectors.json"
_FRAME_PX = (62, 58)
_CROP_PX = 64


@dataclass(frozen=True)
class ShippedModel:
    """One model of a shipped bundle."""

    name: str
    """Of the bundle, as --bundle takes it."""
    precision: str
    bytes: int
    parameters: int
    macs_per_packed_px: float
    rendered_tone: str
    file: Path


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--copy",
        nargs=2,
        metavar=("NAME", "FOLDER"),
        help="copy a bundle's files there, and vectors.json to test with",
    )
    parser.add_argument("--raw", type=Path, help="make the vectors from the middle of this RAW")
    add_raw_options(parser)
    add_json_option(parser)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.copy is not None:
        name, folder = arguments.copy
        raw = None if arguments.raw is None else read_raw(arguments.raw, hints_of(arguments))
        files = copy_bundle(shipped_bundle(name), Path(folder), raw)
        print_result({"files": files}, map(str, files), arguments.json)
        return 0
    if arguments.raw is not None:
        raise UsageError("--raw is for the vectors of a copy; give --copy NAME FOLDER as well.")
    found = [model for name in shipped_names() for model in _models(shipped_bundle(name))]
    print_result({"models": found}, _table(found), arguments.json)
    return 0


def copy_bundle(bundle: Bundle, folder: Path, raw: RawImage | None) -> tuple[Path, ...]:
    """Copy a bundle's files into a folder, and write vectors.json beside them; returns what was written.

    raw: the frame that the vectors are made of; None: a synthetic one. Raises BundleError for damaged models.
    """
    vectors = make_vectors(bundle, noise_frame("GBRG", *_FRAME_PX) if raw is None else center_of(raw, _CROP_PX))
    files = {**read_all(bundle.folder), VECTORS_FILE: to_json(vectors, indent=1).encode() + b"\n"}
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        with atomic_write(folder / name) as temporary:
            temporary.write_bytes(data)
    return tuple(folder / name for name in files)


def _models(bundle: Bundle) -> Iterator[ShippedModel]:
    for model in bundle.models:
        found = model.contract
        yield ShippedModel(
            bundle.name,
            found.precision,
            model.bytes,
            found.parameters,
            found.macs_per_packed_px,
            found.rendered_tone,
            bundle.folder / model.file,
        )


def _table(models: list[ShippedModel]) -> Iterator[str]:
    yield f"{'name':<12} {'precision':<9} {'bytes':>9} {'parameters':>10} {'MAC/packed px':>13}  {'tone':<9} file"
    for model in models:
        yield (
            f"{model.name:<12} {model.precision:<9} {model.bytes:>9} {model.parameters:>10} "
            f"{model.macs_per_packed_px:>13.0f}  {model.rendered_tone:<9} {model.file}"
        )


models = Command(_configure, _run)
