"""Vectors for other implementations: one small frame from mosaic to picture, as a bundle's INT8 has it.

A JSON tree; arrays are little-endian bytes in base64: `frame` (mosaic and metadata), `packed` (float32), `codes` (the
INT8 model's input) and `rgb` (its output).
"""

import base64
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.engine.quantization import quantize
from lwisp_mobile.engine.session import Session
from lwisp_mobile.preprocess.prepare import prepare
from lwisp_mobile.raw.image import RawImage

_MATRIX = ((1.70, -0.50, -0.20), (-0.30, 1.65, -0.35), (0.02, -0.55, 1.53))


def make_vectors(bundle: Bundle, raw: RawImage) -> dict[str, Any]:
    """A frame through a bundle's INT8 model. raw: a small one, without corrections that a file lists."""
    model = bundle.model("int8")
    contract = model.contract
    packed = prepare(raw, contract.input)
    codes = quantize(packed.planes, contract.input_tensor)
    with (
        Session.from_bundle(bundle, precision="int8") as session,
        session.pool.open(contract.whole.name, 1) as (signature,),
    ):
        rgb = signature.run({contract.input_tensor.name: codes[None]})[contract.output_tensor.name]
    return {
        "model_sha256": model.sha256,
        "frame": frame_tree(raw),
        "packed_size_px": [packed.planes.shape[1], packed.planes.shape[0]],
        "lead_px": [packed.left_px, packed.top_px],
        "packed": array_text(packed.planes, "<f4"),
        "codes": array_text(codes, "i1"),
        "rgb": array_text(rgb, "i1"),
    }


def noise_frame(cfa: str, width_px: int, height_px: int) -> RawImage:
    """A 10-bit frame of noise with levels under black and clipped white; black differs by site."""
    mosaic = np.random.default_rng(width_px * 100 + height_px).integers(40, 1100, (height_px, width_px))
    return RawImage(
        mosaic=np.minimum(mosaic, 1023).astype(np.uint16),
        cfa=cfa,
        black_level=(64.0, 63.25, 65.5, 66.0),
        white_level=1023.0,
        wb_gains=(1.93, 1.0, 1.57),
        camera_to_srgb=_MATRIX,
    )


def center_of(raw: RawImage, side_px: int) -> RawImage:
    """The middle of a frame, without the corrections that its file lists: what the samples' steps make a picture of."""
    top, left = (max(side - side_px, 0) // 4 * 2 for side in raw.mosaic.shape)
    return replace(
        raw,
        mosaic=raw.mosaic[top : top + side_px, left : left + side_px].copy(),
        orientation=1,
        gain_maps=(),
        vignette=(),
        bad_pixels=(),
        warp=(),
        baseline_exposure_ev=0.0,
        crop=None,
    )


def frame_tree(raw: RawImage) -> dict[str, Any]:
    """A mosaic and its metadata."""
    return {
        "size_px": [raw.width_px, raw.height_px],
        "mosaic": array_text(raw.mosaic, "<u2"),
        "cfa": raw.cfa,
        "black_level": list(raw.black_level),
        "white_level": raw.white_level,
        "wb_gains": list(raw.wb_gains),
        "camera_to_srgb": raw.camera_to_srgb,
        "orientation": raw.orientation,
    }


def array_text(values: NDArray[Any], dtype: str) -> str:
    """An array's bytes in base64. dtype: with its byte order."""
    return base64.b64encode(np.ascontiguousarray(values).astype(dtype).tobytes()).decode("ascii")
