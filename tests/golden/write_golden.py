"""Write golden.json, steps.json and model.json: what the Python runtime makes of small made-up input, to be equalled.

Run `python tests/golden/write_golden.py` after a change of the pre-processing or an export of the shipped bundle;
`--check` fails if a file is stale. golden.json doesn't depend on a model's weights. model.json is one frame through the
shipped INT8 model: mosaic, planes, the codes that the model is given and gives.
"""

import argparse
import base64
import io
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, astuple, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import tifffile
from numpy.typing import NDArray
from steps import steps

from lwisp_export.synthesis.dng import write_dng
from lwisp_mobile.bundle.bundle import shipped_bundle
from lwisp_mobile.contract import ContextContract, InputContract, TensorSpec
from lwisp_mobile.engine.quantization import dequantize, quantize
from lwisp_mobile.engine.timing import Timing
from lwisp_mobile.frame.global_context import context_sample, crop_spans
from lwisp_mobile.frame.tiles import split_side
from lwisp_mobile.frame.vectors import array_text, frame_tree, make_vectors
from lwisp_mobile.frame.vectors import noise_frame as frame
from lwisp_mobile.metrics import psnr_db
from lwisp_mobile.output.picture import orient, to_8_bit
from lwisp_mobile.preprocess.options import PrepareOptions
from lwisp_mobile.preprocess.prepare import prepare
from lwisp_mobile.raw.cfa import CFA_ORDERS
from lwisp_mobile.raw.image import RawImage
from lwisp_mobile.raw.reader import read_raw

GOLDEN = Path(__file__).with_name("golden.json")
STEPS = Path(__file__).with_name("steps.json")
MODEL = Path(__file__).with_name("model.json")
MATRIX = ((1.70, -0.50, -0.20), (-0.30, 1.65, -0.35), (0.02, -0.55, 1.53))
REFERENCE = ((1.81, -0.55, -0.26), (-0.41, 1.91, -0.5), (-0.04, -0.66, 1.7))
CONTRACT = InputContract(size_multiple=2, reference_to_srgb=REFERENCE)


@dataclass(frozen=True)
class Case:
    """A frame, how it's prepared, and why it's here."""

    name: str
    raw: RawImage
    contract: InputContract = CONTRACT
    exposure_ev: float = 0.0


def cases() -> Iterator[Case]:
    """Frames of every filter order, odd sizes, and each stage of the contract off."""
    for cfa in CFA_ORDERS:
        yield Case(f"{cfa} even", frame(cfa, 8, 6))
        yield Case(f"{cfa} odd", frame(cfa, 7, 9))
    small = frame("BGGR", 2, 3)
    yield Case("reflected more than once", small, replace(CONTRACT, size_multiple=8))
    yield Case("size multiple of the shipped student", frame("GBRG", 34, 30), replace(CONTRACT, size_multiple=16))
    yield Case("brighter", frame("RGGB", 6, 6), exposure_ev=1.5)
    yield Case("darker", frame("GRBG", 6, 6), exposure_ev=-2.25)
    yield Case("no colour", frame("RGGB", 6, 4), replace(CONTRACT, reference_to_srgb=None))
    yield Case("camera without a matrix", replace(frame("BGGR", 6, 4), camera_to_srgb=None))
    yield Case("no white balance", frame("RGGB", 4, 4), replace(CONTRACT, white_balance=False))
    yield Case("black kept", frame("GBRG", 4, 4), replace(CONTRACT, subtract_black=False))
    yield Case("16 bits", replace(frame("RGGB", 4, 4), mosaic=_sixteen_bits(), white_level=65535.0))


def golden() -> dict[str, Any]:
    """Everything, as a JSON tree; arrays as little-endian bytes in base64."""
    return {
        "prepare": [_prepare_tree(case) for case in cases()],
        "quantise": [_quantise_tree(scale, zero) for scale, zero in ((1 / 255, -128), (1 / 256, -128), (0.0123, 7))],
        "levels": _levels_tree(),
        "turns": [_turn_tree(orientation) for orientation in range(1, 9)],
        "latency": _latency_tree(),
        "psnr": _psnr_tree(),
        "context_spans": [_spans_tree(side, context) for side, context in context_sides()],
        "tiles": [_tiles_tree(*sides) for sides in tile_sides()],
        "context_samples": [_sample_tree(width, height) for width, height in ((62, 40), (34, 30))],
        "dng": [_dng_tree(name, content) for name, content in dng_files()],
    }


def context_sides() -> Iterator[tuple[int, ContextContract]]:
    """Sides around the grid's own length, and sides of phones' sensors."""
    for side in (16, 240, 256, 272, 288, 512, 1504, 2016, 3072, 4096):
        yield side, ContextContract()
    for side in (32, 48, 80, 176):
        yield side, ContextContract(grid=3, crop_px=16)


def tile_sides() -> Iterator[tuple[int, int, int]]:
    """Sides of frames, tiles and halos, in packed px: the last tile overlaps much, little, or not more than others."""
    yield from ((64, 64, 32), (400, 240, 112), (352, 336, 112), (90, 10, 0), (256, 88, 32), (2016, 402, 12))
    yield from ((4096, 1128, 28), (3072, 724, 10), (1504, 360, 8), (72, 24, 8))


def model_golden() -> dict[str, Any]:
    """One frame through the shipped INT8 model, as a JSON tree."""
    return make_vectors(shipped_bundle(), frame("GBRG", 62, 58))


def dng_files() -> Iterator[tuple[str, bytes]]:
    """DNGs as this project writes them, and as phones do; LibRaw refuses sides under 22 px."""
    for cfa in CFA_ORDERS:
        raw = replace(frame(cfa, 34, 26), black_level=(64.0, 64.0, 66.0, 66.0), orientation=6)
        yield f"ours, {cfa}", _written(raw)
    yield "big endian, strips of one row", phone_dng(byteorder=">", rowsperstrip=1)
    yield "two lights, calibrated", phone_dng(calibrated=True)
    yield "black of three quarters, forward matrices", phone_dng(black=(64.75, 64.25, 64.5, 65.0), forward=True)
    yield "active area from an odd row and column on", phone_dng(active=(3, 5, 26, 33))


def phone_dng(
    *,
    byteorder: Literal["<", ">"] = "<",
    rowsperstrip: int = 28,
    calibrated: bool = False,
    forward: bool = False,
    black: tuple[float, ...] = (64.0, 65.0, 66.0, 67.0),
    active: tuple[int, ...] | None = None,
) -> bytes:
    """A DNG with the tags that Android's DngCreator writes: two matrices, the second for daylight."""
    tags = [
        (50706, 1, 4, bytes((1, 4, 0, 0)), True),
        (33421, 3, 2, (2, 2), True),
        (33422, 1, 4, bytes((1, 0, 2, 1)), True),
        (50713, 3, 2, (2, 2), True),
        (50714, 5, 4, _rationals(black), True),
        (50717, 4, 1, 1023, True),
        (50721, 10, 9, _rationals((0.95, -0.3, -0.1, -0.4, 1.25, 0.15, -0.05, 0.2, 0.65)), True),
        (50722, 10, 9, _rationals((0.8, -0.2, -0.08, -0.45, 1.3, 0.16, -0.1, 0.25, 0.55)), True),
        (50778, 3, 1, 17, True),
        (50779, 3, 1, 21, True),
        (50728, 5, 3, _rationals((0.52, 1.0, 0.63)), True),
    ]
    if calibrated:
        tags.append((50723, 10, 9, _rationals((1.02, 0.03, 0.0, 0.0, 1.0, 0.02, 0.01, 0.0, 0.98)), True))
        tags.append((50724, 10, 9, _rationals((1.03, 0.04, 0.0, 0.0, 1.0, 0.03, 0.02, 0.0, 0.97)), True))
    if forward:
        tags.append((50964, 10, 9, _rationals((0.62, 0.25, 0.09, 0.27, 0.68, 0.05, 0.02, 0.11, 0.69)), True))
        tags.append((50965, 10, 9, _rationals((0.58, 0.28, 0.1, 0.24, 0.72, 0.04, 0.03, 0.16, 0.64)), True))
        tags.append((50727, 5, 3, _rationals((1.05, 1.0, 1.1)), True))
    if active is not None:
        tags.append((50829, 4, 4, active, True))
    file = io.BytesIO()
    with tifffile.TiffWriter(file, byteorder=byteorder) as writer:
        writer.write(
            frame("GRBG", 36, 28).mosaic,
            photometric=32803,
            rowsperstrip=rowsperstrip,
            extratags=tags,
            metadata=None,
            software=False,
        )
    return file.getvalue()


def _rationals(values: tuple[float, ...]) -> tuple[int, ...]:
    return tuple(part for value in values for part in (round(value * 10_000), 10_000))


def _sixteen_bits() -> NDArray[np.uint16]:
    return np.random.default_rng(16).integers(0, 65536, (4, 4)).astype(np.uint16)


def _written(raw: RawImage) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frame.dng"
        write_dng(path, raw)
        return path.read_bytes()


def _prepare_tree(case: Case) -> dict[str, Any]:
    packed = prepare(case.raw, case.contract, PrepareOptions(exposure_ev=case.exposure_ev))
    return {
        "name": case.name,
        "frame": frame_tree(case.raw),
        "contract": asdict(case.contract),
        "exposure_ev": case.exposure_ev,
        "packed_size_px": [packed.planes.shape[1], packed.planes.shape[0]],
        "lead_px": [packed.left_px, packed.top_px],
        "planes": array_text(packed.planes, "<f4"),
    }


def _quantise_tree(scale: float, zero_point: int) -> dict[str, Any]:
    spec = TensorSpec("packed", "int8", scale, zero_point, channels=4, resolution=1)
    steps = (np.arange(-20, 300) * 0.5 * scale).astype(np.float32)
    values = np.concatenate([steps, np.random.default_rng(8).uniform(-0.1, 1.1, 200).astype(np.float32)])
    codes = quantize(values, spec)
    return {
        "scale": scale,
        "zero_point": zero_point,
        "values": array_text(values, "<f4"),
        "codes": array_text(codes, "i1"),
        "real": array_text(dequantize(codes, spec), "<f4"),
    }


def _levels_tree() -> dict[str, Any]:
    values = np.concatenate([np.arange(-2, 520) / 510, [1.0, 1.5, -1.0]]).astype(np.float32)
    return {"values": array_text(values, "<f4"), "levels": array_text(to_8_bit(values.reshape(-1, 1, 1)), "u1")}


def _turn_tree(orientation: int) -> dict[str, Any]:
    stored = np.arange(6, dtype=np.uint8).reshape(2, 3)
    upright = orient(stored, orientation)
    return {"orientation": orientation, "stored": stored.tolist(), "upright": upright.tolist()}


def _latency_tree() -> dict[str, Any]:
    samples = tuple(float(value) for value in np.round(np.random.default_rng(3).gamma(4, 5, 37), 4))
    return {"samples_ms": samples, "summary": asdict(Timing((), samples).summary)}


def _psnr_tree() -> dict[str, Any]:
    first, second = np.random.default_rng(4).integers(0, 256, (2, 5, 7, 3)).astype(np.uint8)
    value = psnr_db((first / 255).astype(np.float32), (second / 255).astype(np.float32))
    return {
        "size_px": [7, 5],
        "first": array_text(first, "u1"),
        "second": array_text(second, "u1"),
        "psnr_db": round(value, 4),
    }


def _spans_tree(side_px: int, context: ContextContract) -> dict[str, Any]:
    return {"side_px": side_px, **asdict(context), "spans": crop_spans(side_px, context, size_multiple=16)}


def _tiles_tree(side_px: int, tile_px: int, halo_px: int) -> dict[str, Any]:
    tiles = [astuple(span) for span in split_side(side_px, tile_px, halo_px)]
    return {"side_px": side_px, "tile_px": tile_px, "halo_px": halo_px, "tiles": tiles}


def _sample_tree(width_px: int, height_px: int) -> dict[str, Any]:
    raw, contract = frame("GRBG", width_px, height_px), replace(CONTRACT, size_multiple=16)
    context = ContextContract(grid=2, crop_px=8)
    model = replace(shipped_bundle().model("int8").contract, input=contract, context=context)
    sample = context_sample(prepare(raw, contract).planes, model)
    return {
        "frame": frame_tree(raw),
        "contract": asdict(contract),
        **asdict(context),
        "sample_size_px": [sample.shape[1], sample.shape[0]],
        "sample": array_text(sample, "<f4"),
    }


def _dng_tree(name: str, content: bytes) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frame.dng"
        path.write_bytes(content)
        raw = read_raw(path)
    return {"name": name, "content": base64.b64encode(content).decode("ascii"), "frame": frame_tree(raw)}


def to_text(tree: dict[str, Any]) -> str:
    """A file's content."""
    return json.dumps(tree, indent=1, sort_keys=True, allow_nan=False) + "\n"


def main() -> int:
    """Write the files, or with --check tell whether they're what would be written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if a file is stale, and write nothing")
    parser.add_argument("--file", type=Path, default=GOLDEN, help="another file than golden.json")
    arguments = parser.parse_args()
    texts = {arguments.file: to_text(golden()), STEPS: to_text(steps()), MODEL: to_text(model_golden())}
    if not arguments.check:
        for file, text in texts.items():
            file.write_text(text, encoding="utf-8")
        return 0
    stale = [file for file, text in texts.items() if not file.exists() or file.read_text(encoding="utf-8") != text]
    for file in stale:
        sys.stderr.write(f"{file} is stale: pre-processing or model has changed. Run: python {Path(__file__).name}\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
