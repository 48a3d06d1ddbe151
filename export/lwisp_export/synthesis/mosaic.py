"""From linear light to a RAW mosaic: the steps of `lwisp_mobile.raw` backwards."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from lwisp_export.synthesis.camera import CameraColor
from lwisp_export.synthesis.exposure import unexpose_srgb
from lwisp_export.synthesis.noise import NoiseLevel, add_noise
from lwisp_export.synthesis.shading import falloff_maps, shade
from lwisp_mobile.raw.cfa import site_order
from lwisp_mobile.raw.image import CaptureInfo, RawImage

F32 = NDArray[np.float32]
LUMINANCE = (0.2126, 0.7152, 0.0722)
"""Of linear sRGB (Rec. ITU-R BT.709)."""
_BLUR_SIGMAS = 4
"""Where a blur ends."""
_BLACK_SHARE = 1 / 16
"""Black level over full scale: 64 of 1024, as phone sensors have it."""


@dataclass(frozen=True)
class Shot:
    """How a scene is photographed."""

    color: CameraColor
    noise: NoiseLevel
    exposure_ev: float = 0.0
    """Stops by which the sensor sees the scene brighter; what exceeds white is clipped."""
    bits: int = 10
    cfa: str = "RGGB"
    iso: float | None = None
    saturation: float = 1.0
    """Factor on the scene's colours before it's photographed; above 1, some leave sRGB."""
    shading: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    """Gains with which the file undoes its lens's shading in the corners, by site of the 2x2 cell, row by row."""
    baseline_exposure_ev: float = 0.0
    """Stops by which the file asks to be brightened: the sensor saw the scene darker by so much."""
    told_noise: float = 1.0
    """Factor on the standard deviation of noise that the file tells."""
    bad_share: float = 0.0
    """Share of pixels that are stuck at black or white and that the file doesn't list."""
    softness_px: float = 0.0
    """Standard deviation of a Gaussian blur of the scene: lenses are softer than reduced photographs."""


def expose(linear: F32, exposure_ev: float) -> F32:
    """Scale linear light by an exposure in stops."""
    return linear * np.float32(2.0**exposure_ev)


def saturate(linear: F32, factor: float) -> F32:
    """Move linear sRGB light away from its luminance (factor > 1) or towards it; may leave [0, 1]."""
    luminance = linear @ np.array(LUMINANCE, np.float32)
    return luminance[..., None] + np.float32(factor) * (linear - luminance[..., None])


def soften(linear: F32, sigma_px: float) -> F32:
    """Blur light (H, W, 3) by a Gaussian; edges are replicated. 0: as it is."""
    if not sigma_px:
        return linear
    radius = math.ceil(_BLUR_SIGMAS * sigma_px)
    taps = np.exp(-(np.arange(-radius, radius + 1) ** 2) / (2 * sigma_px**2))
    taps = (taps / taps.sum()).astype(np.float32)
    for axis in (0, 1):
        padding = [(radius, radius) if other == axis else (0, 0) for other in range(3)]
        windows = sliding_window_view(np.pad(linear, padding, mode="edge"), len(taps), axis)
        linear = windows @ taps
    return linear


def to_camera(linear: F32, color: CameraColor) -> F32:
    """Linear sRGB (H, W, 3) to the camera's light before white balance: mirror of colour and gains."""
    matrix = np.linalg.inv(np.array(color.to_srgb)) / np.array(color.gains)[:, None]
    light: F32 = linear @ matrix.T.astype(np.float32)
    return light


def sample_cfa(camera_rgb: F32, cfa: str) -> F32:
    """Keep each site's own colour: (H, W, 3) to a mosaic (H, W) of this filter order."""
    mosaic = np.empty(camera_rgb.shape[:2], np.float32)
    for channel, site in zip((0, 1, 1, 2), site_order(cfa)):
        mosaic[site // 2 :: 2, site % 2 :: 2] = camera_rgb[site // 2 :: 2, site % 2 :: 2, channel]
    return mosaic


def stick(light: F32, share: float, rng: np.random.Generator) -> F32:
    """Set a share of a mosaic's pixels to black or white, half each. Draws nothing where the share is 0."""
    if not share:
        return light
    stuck = np.where(rng.random(light.shape) < 0.5, np.float32(0), np.float32(1))
    return np.where(rng.random(light.shape) < share, stuck, light)


def quantise(light: F32, bits: int) -> tuple[NDArray[np.uint16], float, float]:
    """Light to sensor values: returns the mosaic (uint16), the black level and the white level."""
    white = float(2**bits - 1)
    black = float(round((white + 1) * _BLACK_SHARE))
    values = np.rint(light * np.float32(white - black) + np.float32(black))
    return np.clip(values, 0, white).astype(np.uint16), black, white


def photograph(linear: F32, shot: Shot, rng: np.random.Generator) -> RawImage:
    """Photograph a scene: the RAW mosaic a camera would have written.

    linear: (H, W, 3) float32 linear sRGB in [0, 1]. Deterministic in the generator's state.
    """
    scene = unexpose_srgb(expose(linear, shot.exposure_ev), shot.baseline_exposure_ev)
    camera_rgb = to_camera(scene, shot.color)
    light = sample_cfa(camera_rgb, shot.cfa)
    gain_maps = () if max(shot.shading) == 1 else falloff_maps(camera_rgb.shape[:2], shot.shading)
    light = np.clip(shade(light, gain_maps), np.float32(0), np.float32(1))
    noisy = add_noise(light, shot.noise, rng)
    mosaic, black, white = quantise(stick(noisy, shot.bad_share, rng), shot.bits)
    return RawImage(
        mosaic=mosaic,
        cfa=shot.cfa,
        black_level=(black,) * 4,
        white_level=white,
        wb_gains=shot.color.gains,
        camera_to_srgb=shot.color.to_srgb,
        info=CaptureInfo(make="lwisp", model="made from a photograph", iso=shot.iso),
        gain_maps=gain_maps,
        baseline_exposure_ev=shot.baseline_exposure_ev,
        noise_profile=shot.noise.profile(shot.told_noise),
    )
