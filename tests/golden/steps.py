"""Golden vectors of the single steps of the pre-processing and of tone: small input, parameters, output of each.

A section per step, so that a port is checked step by step; `prepare` last, with everything on. Names are the Python
functions' own. Arrays are little-endian bytes in base64, planes in the order (plane, row, column).
"""

import base64
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import MOSAIC_PLANES, NOISE_PLANE, InputContract
from lwisp_mobile.output.tone import apply_tone, inverse_contrast, tone_table
from lwisp_mobile.preprocess.bad_pixels import repair
from lwisp_mobile.preprocess.color import ColorMove, shift_on_quads
from lwisp_mobile.preprocess.curve import curve
from lwisp_mobile.preprocess.exposure import auto_ev, expose, shoulder
from lwisp_mobile.preprocess.noise import NoisePlane, noise_of_quads
from lwisp_mobile.preprocess.noise_estimate import estimate_noise
from lwisp_mobile.preprocess.options import PrepareOptions
from lwisp_mobile.preprocess.prepare import prepare
from lwisp_mobile.preprocess.shading import LensShading
from lwisp_mobile.preprocess.window import Window
from lwisp_mobile.raw.cfa import aligned_indices
from lwisp_mobile.raw.corrections import BadPixels, GainMap, NoiseProfile, VignetteRadial
from lwisp_mobile.raw.image import RawImage

REFERENCE = ((1.81, -0.55, -0.26), (-0.41, 1.91, -0.5), (-0.04, -0.66, 1.7))
CAMERA = ((1.70, -0.50, -0.20), (-0.30, 1.65, -0.35), (0.02, -0.55, 1.53))
EVERYTHING = InputContract(
    planes=(*MOSAIC_PLANES, NOISE_PLANE),
    size_multiple=2,
    reference_to_srgb=REFERENCE,
    color_shift="smoothed",
    exposure_knee=0.5,
)
EVS = (-8.0, -2.25, -0.5, 0.3, 1.0, 2.65, 8.0)
KNEE = 0.5
PROFILE = NoiseProfile((2e-4, 1.5e-4, 3e-4), (2e-6, 1e-6, 4e-6))


def steps() -> dict[str, Any]:
    """All sections, as a JSON tree."""
    return {
        "repair": [_repair(seed, share) for seed, share in ((0, 0.05), (1, 0.4), (2, 1.0))],
        "lens_shading": [_shading(cfa) for cfa in ("RGGB", "GBRG")],
        "color_shift": [_color(shift) for shift in ("quad", "smoothed")],
        "exposure": [_exposure(ev) for ev in EVS],
        "auto_ev": [_auto(light) for light in (0.002, 0.02, 0.1, 0.3, 0.9)],
        "curve": _curve(),
        "noise_plane": [_noise(ev, shaded) for ev in (0.0, 1.5) for shaded in (False, True)],
        "estimate_noise": _estimate(),
        "tone": _tone(),
        "prepare": [_prepare(cfa, options) for cfa, options in _prepare_cases()],
    }


def everything(cfa: str, height_px: int, width_px: int) -> RawImage:
    """A frame with every correction that a file can ask for."""
    rng = np.random.default_rng(height_px * 100 + width_px)
    maps = tuple(_gain_map(rng, site, height_px, width_px) for site in range(4))
    return RawImage(
        mosaic=rng.integers(40, 1024, (height_px, width_px)).astype(np.uint16),
        cfa=cfa,
        black_level=(64.0, 63.25, 65.5, 66.0),
        white_level=1023.0,
        wb_gains=(1.93, 1.0, 1.57),
        camera_to_srgb=CAMERA,
        gain_maps=maps,
        vignette=(VignetteRadial((0.3, -0.1, 0.05, 0.02, -0.01), 0.45, 0.55),),
        bad_pixels=(BadPixels(500, np.array([[3, 4], [0, 0]], np.int32), np.array([[0, 7, height_px, 8]], np.int32)),),
        baseline_exposure_ev=0.35,
        noise_profile=PROFILE,
    )


def _gain_map(rng: np.random.Generator, site: int, height_px: int, width_px: int) -> GainMap:
    gains = rng.uniform(1, 2.5, (3, 4, 1)).astype(np.float32)
    return GainMap(site // 2, site % 2, height_px, width_px, 2, 2, 0.05, 0.0, 0.4, 1 / 3, gains)


def _repair(seed: int, share: float) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    values, bad = rng.integers(0, 65536, (12, 14)).astype(np.uint16), rng.random((12, 14)) < share
    return {
        "size_px": [14, 12],
        "values": text(values, "<u2"),
        "bad": text(bad, "u1"),
        "repaired": text(repair(values, bad), "<u2"),
    }


def _shading(cfa: str) -> dict[str, Any]:
    raw = everything(cfa, 9, 11)
    rows, columns = aligned_indices(raw.mosaic.shape, cfa, 4)
    whole = Window(slice(0, len(rows) // 2), slice(0, len(columns) // 2))
    return {
        "frame": frame_tree(raw),
        "multiple_px": 4,
        "gains": text(LensShading(raw, rows, columns).over(whole), "<f4"),
    }


def _color(shift: str) -> dict[str, Any]:
    rng = np.random.default_rng(5)
    light = rng.uniform(-0.01, 1, (4, 6, 7)).astype(np.float32)
    matrix = rng.uniform(-0.1, 0.1, (3, 3)).astype(np.float32) + np.eye(3, dtype=np.float32)
    whole = Window(slice(0, 6), slice(0, 7))
    moved = shift_on_quads(light, matrix) if shift == "quad" else ColorMove(matrix, True).apply(light.copy(), whole)
    return {
        "color_shift": shift,
        "size_px": [7, 6],
        "matrix": text(matrix, "<f4"),
        "light": text(light, "<f4"),
        "moved": text(moved, "<f4"),
    }


def _exposure(ev: float) -> dict[str, Any]:
    light = np.concatenate([np.linspace(-0.01, 1.02, 120), np.geomspace(1e-6, 1, 40)]).astype(np.float32)
    bend = shoulder(ev, KNEE)
    return {
        "ev": ev,
        "knee": KNEE,
        "shoulder": text(np.array([bend.gain, bend.knee, bend.bend]), "<f4"),
        "light": text(light, "<f4"),
        "exposed": text(expose(light, bend), "<f4"),
    }


def _auto(light: float) -> dict[str, Any]:
    raw = everything("GRBG", 20, 24)
    mosaic = np.minimum(64 + 959 * light * np.random.default_rng(6).gamma(4, 0.25, (20, 24)), 1023).astype(np.uint16)
    found = replace(raw, mosaic=mosaic)
    return {"frame": frame_tree(found), "ev": auto_ev(found, EVERYTHING)}


def _curve() -> dict[str, Any]:
    light = np.concatenate([np.linspace(-0.01, 1.02, 120), np.geomspace(1e-6, 1, 40)]).astype(np.float32)
    return {
        "offset": EVERYTHING.curve_offset,
        "light": text(light, "<f4"),
        "values": text(curve(light, 1 / 2048), "<f4"),
    }


def _noise(ev: float, shaded: bool) -> dict[str, Any]:
    rng = np.random.default_rng(7)
    light = rng.uniform(-0.02, 1, (4, 5, 6)).astype(np.float32) ** 2
    gain = rng.uniform(1, 3, (4, 5, 6)).astype(np.float32) if shaded else None
    noise = noise_of_quads(PROFILE, (1.93, 1.0, 1.0, 1.57))
    plane = NoisePlane(noise, shoulder(ev, KNEE) if ev else None, 1 / 2048, np.float32(1.25 / 0.125))
    return {
        "noise_profile": asdict(PROFILE),
        "gains": [1.93, 1.0, 1.0, 1.57],
        "denoise": 1.25,
        "noise_full_scale": 0.125,
        "ev": ev,
        "knee": KNEE,
        "size_px": [6, 5],
        "light": text(light, "<f4"),
        "shading": None if gain is None else text(gain, "<f4"),
        "quad_noise": text(np.array([noise.shot, noise.read]), "<f4"),
        "plane": text(plane.over(light, gain), "<f4"),
    }


def _estimate() -> dict[str, Any]:
    """An 8-bit ramp under noise, so that the mosaic is small."""
    rng = np.random.default_rng(8)
    light = np.linspace(0.02, 0.8, 128) ** 2 * np.ones((128, 1))
    noisy = light + rng.standard_normal(light.shape) * np.sqrt(2e-3 * light + 1e-4)
    mosaic = np.clip(np.rint(16 + 239 * noisy), 0, 255).astype(np.uint16)
    raw = replace(everything("BGGR", 128, 128), mosaic=mosaic, black_level=(16.0,) * 4, white_level=255.0)
    found = estimate_noise(raw)
    assert found is not None
    return {
        "size_px": [128, 128],
        "mosaic_8_bit": text(mosaic, "u1"),
        "cfa": "BGGR",
        "black_level": list(raw.black_level),
        "white_level": raw.white_level,
        "shot": found.scale[0],
        "read": found.offset[0],
    }


def _tone() -> dict[str, Any]:
    values = np.linspace(0, 1, 257, dtype=np.float32)
    codes = np.arange(256, dtype=np.float32) / 256
    tones = ("neutral", "standard", "contrast")
    return {
        "values": text(values, "<f4"),
        "standard": text(apply_tone(values, rendered="neutral", wanted="standard"), "<f4"),
        "contrast": text(apply_tone(values, rendered="neutral", wanted="contrast"), "<f4"),
        "inverse_contrast": text(inverse_contrast(values), "<f4"),
        "tables_from_contrast": {
            tone: text(np.rint(255 * tone_table(codes, rendered="contrast", wanted=tone)), "u1") for tone in tones
        },
    }


def _prepare_cases() -> list[tuple[str, PrepareOptions]]:
    return [
        ("RGGB", PrepareOptions()),
        ("GRBG", PrepareOptions(exposure_ev=1.2)),
        ("GBRG", PrepareOptions(exposure_ev="auto", denoise=0.5)),
        ("BGGR", PrepareOptions(exposure_ev=-1.5, lens_shading=False)),
    ]


def _prepare(cfa: str, options: PrepareOptions) -> dict[str, Any]:
    raw = everything(cfa, 15, 18)
    packed = prepare(raw, EVERYTHING, options)
    return {
        "frame": frame_tree(raw),
        "contract": asdict(EVERYTHING),
        "options": {
            "exposure_ev": options.exposure_ev,
            "lens_shading": options.lens_shading,
            "denoise": options.denoise,
        },
        "packed_size_px": [packed.planes.shape[1], packed.planes.shape[0]],
        "planes": text(packed.planes, "<f4"),
    }


def frame_tree(raw: RawImage) -> dict[str, Any]:
    """A frame with its corrections."""
    return {
        "size_px": [raw.width_px, raw.height_px],
        "mosaic": text(raw.mosaic, "<u2"),
        "cfa": raw.cfa,
        "black_level": list(raw.black_level),
        "white_level": raw.white_level,
        "wb_gains": list(raw.wb_gains),
        "camera_to_srgb": raw.camera_to_srgb,
        "gain_maps": [{**asdict(m), "shape": m.gains.shape, "gains": text(m.gains, "<f4")} for m in raw.gain_maps],
        "vignette": [asdict(vignette) for vignette in raw.vignette],
        "bad_pixels": [
            {"constant": bad.constant, "points": bad.points.tolist(), "rectangles": bad.rectangles.tolist()}
            for bad in raw.bad_pixels
        ],
        "baseline_exposure_ev": raw.baseline_exposure_ev,
        "noise_profile": None if raw.noise_profile is None else asdict(raw.noise_profile),
    }


def text(values: NDArray[Any], dtype: str) -> str:
    """An array as little-endian bytes in base64."""
    return base64.b64encode(np.ascontiguousarray(values).astype(dtype).tobytes()).decode("ascii")
