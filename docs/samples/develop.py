"""Develop one RAW frame with lwisp.int8.tflite by its contract, with nothing but NumPy and LiteRT.

    python develop.py BUNDLE_FOLDER frame.json OUT.npz

frame.json: size_px, mosaic (little-endian uint16, base64), cfa, black_level by site of the mosaic's own 2x2 cell,
white_level, wb_gains, camera_to_srgb (white-balanced camera RGB to linear sRGB). `write_inputs.py` writes one.
"""

import base64
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

CONTRACT_VERSION = 2
INPUT = {
    "planes": ["R", "Gr", "Gb", "B"],
    "subtract_black": True,
    "white_balance": True,
    "color_shift": "smoothed",
}
"""What `prepare` does. It leaves out corrections that a RAW file may list (bad pixels, lens shading), and exposure."""
OFFSET_PX = {"RGGB": (0, 0), "GRBG": (0, 1), "GBRG": (1, 0), "BGGR": (1, 1)}
"""Rows and columns before the first R site."""
F32 = np.float32


def align(mosaic: np.ndarray, cfa: str, multiple: int) -> np.ndarray:
    """Reflect rows and columns in, until the mosaic begins with R and its sides are multiples. Returns (H', W')."""
    (top, left), (height, width) = OFFSET_PX[cfa], mosaic.shape
    rows = (top, -(height + top) % (2 * multiple))
    columns = (left, -(width + left) % (2 * multiple))
    return np.pad(mosaic, (rows, columns), mode="reflect")


def prepare(frame: dict[str, Any], contract: dict[str, Any]) -> np.ndarray:
    """The model's input: (h, w, 4) float32 in [0, 1], planes R, Gr, Gb, B."""
    width, height = frame["size_px"]
    mosaic = np.frombuffer(base64.b64decode(frame["mosaic"]), "<u2").reshape(height, width)
    mosaic = align(mosaic, frame["cfa"], contract["size_multiple"])
    planes = [mosaic[y::2, x::2].astype(F32) for y in (0, 1) for x in (0, 1)]
    top, left = OFFSET_PX[frame["cfa"]]
    gains = np.array(frame["wb_gains"]) / min(frame["wb_gains"])
    for site, gain in enumerate((gains[0], gains[1], gains[1], gains[2])):
        black = F32(frame["black_level"][(site // 2 + top) % 2 * 2 + (site % 2 + left) % 2])
        planes[site] = np.minimum(
            (planes[site] - black) * F32(gain * (1 / (frame["white_level"] - float(black)))), F32(1)
        )
    red, green_r, green_b, blue = planes
    m = reference_matrix(frame["camera_to_srgb"], contract["reference_to_srgb"])
    green = (green_r + green_b) * F32(0.5)
    from_red, from_blue = smooth(red - green), smooth(blue - green)
    shift = [from_red * row[0] + from_blue * row[2] for row in m - np.eye(3, dtype=F32)]
    moved = (red + shift[0], green_r + shift[1], green_b + shift[1], blue + shift[2])
    offset = contract["curve_offset"]
    return np.stack(
        [np.sqrt((np.clip(v, F32(-offset), F32(1)) + F32(offset)) * F32(1 / (1 + offset))) for v in moved], -1
    )


def smooth(plane: np.ndarray) -> np.ndarray:
    """Smooth by 1-4-6-4-1 / 16 along both sides; beyond the border, its nearest value."""
    plane = np.pad(plane, 2, mode="edge")
    for _ in range(4):
        plane = plane[:-1] + plane[1:]
    for _ in range(4):
        plane = plane[:, :-1] + plane[:, 1:]
    return plane * F32(1 / 256)


def reference_matrix(camera: Any, reference: Any) -> np.ndarray:
    """From this camera's colour to the reference camera's; rows of both scaled to sum 1 first."""
    camera, reference = (np.array(m) / np.sum(m, axis=1, keepdims=True) for m in (camera, reference))
    return np.linalg.solve(reference, camera).astype(F32)


def quantize(packed: np.ndarray, tensor: dict[str, Any]) -> np.ndarray:
    """Real values to the input's int8."""
    quantized = np.rint(packed * F32(1 / tensor["scale"])) + F32(tensor["zero_point"])
    return np.clip(quantized, -128, 127).astype(np.int8)


def run(model: Path, whole: dict[str, Any], quantized: np.ndarray) -> np.ndarray:
    """(h, w, 4) int8 to (2h, 2w, 3) int8. A new interpreter for every size: LiteRT 2.3 errs in one that has grown.

    whole: the contract's signature from packed planes to picture.
    """
    (source,), (result,) = whole["inputs"], whole["outputs"]
    runner = Interpreter(str(model), num_threads=2).get_signature_runner(whole["name"])
    return runner(**{source: quantized[None]})[result][0]


def main(folder: Path, frame_file: Path, out: Path) -> None:
    """Write the input before and after quantization, the output, and the picture."""
    entries = json.loads((folder / "contract.json").read_text())["models"]
    entry = next(entry for entry in entries if entry["contract"]["precision"] == "int8")
    contract, frame = entry["contract"], json.loads(frame_file.read_text())
    if contract["contract_version"] != CONTRACT_VERSION:
        sys.exit(f"Contract version {contract['contract_version']}; this sample reads {CONTRACT_VERSION}.")
    if found := {key: contract["input"][key] for key in INPUT if contract["input"][key] != INPUT[key]}:
        sys.exit(f"The model's input has {found}; this sample does {INPUT}.")
    whole, tensors = contract["whole"], {tensor["name"]: tensor for tensor in contract["tensors"]}
    packed = prepare(frame, contract["input"])
    quantized = quantize(packed, tensors[whole["inputs"][0]])
    rgb = run(folder / entry["file"], whole, quantized)
    tensor, (top, left), (width, height) = tensors[whole["outputs"][0]], OFFSET_PX[frame["cfa"]], frame["size_px"]
    picture = (rgb.astype(F32) - F32(tensor["zero_point"])) * F32(tensor["scale"])
    picture = picture[top : top + height, left : left + width]
    np.savez(out, packed=packed, quantized=quantized, rgb=rgb, picture=picture)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
