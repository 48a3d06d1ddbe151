"""A RAW's facts as a tree of plain values, for `lwisp inspect`."""

from dataclasses import asdict
from typing import Any

from lwisp_mobile.raw.corrections import GainMap
from lwisp_mobile.raw.image import RawImage


def describe(raw: RawImage) -> dict[str, Any]:
    """What a RAW says, and which of its tags and opcodes are honoured; without samples and points of maps."""
    return {
        "width_px": raw.width_px,
        "height_px": raw.height_px,
        "crop": None if raw.crop is None else asdict(raw.crop),
        "cfa": raw.cfa,
        "black_level": list(raw.black_level),
        "white_level": raw.white_level,
        "min_value": int(raw.mosaic.min()),
        "max_value": int(raw.mosaic.max()),
        "wb_gains": list(raw.wb_gains),
        "camera_to_srgb": raw.camera_to_srgb,
        "orientation": raw.orientation,
        "baseline_exposure_ev": raw.baseline_exposure_ev,
        "noise_profile": None if raw.noise_profile is None else asdict(raw.noise_profile),
        "gain_maps": [_describe_map(one) for one in raw.gain_maps],
        "vignette": [asdict(one) for one in raw.vignette],
        "bad_pixels": [
            {"constant": one.constant, "points": len(one.points), "rectangles": len(one.rectangles)}
            for one in raw.bad_pixels
        ],
        "warp": [asdict(one) for one in raw.warp],
        "info": {key: str(value) if key == "taken_at" and value else value for key, value in asdict(raw.info).items()},
        "tags": [asdict(fact) for fact in raw.facts],
        "notes": list(raw.notes),
    }


def _describe_map(one: GainMap) -> dict[str, Any]:
    rows, columns, _ = one.gains.shape
    return {
        "area": [one.top, one.left, one.bottom, one.right],
        "pitch": [one.row_pitch, one.col_pitch],
        "points": [rows, columns],
        "min_gain": float(one.gains.min()),
        "max_gain": float(one.gains.max()),
    }
