"""Oracle pipelines: classical demosaicing with the true white balance, matrix and tone.

They know what a camera's software has to estimate, so they differ from the student in demosaicing and noise alone.
"""

import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import rawpy
from numpy.typing import NDArray
from skimage.restoration import denoise_wavelet

from lwisp_export.synthesis.dng import write_dng
from lwisp_export.synthesis.tone import tone
from lwisp_mobile.contract import InputContract, Matrix3, RenderedTone
from lwisp_mobile.errors import UsageError
from lwisp_mobile.preprocess.levels import black_levels, clip_white, subtract_black
from lwisp_mobile.preprocess.pack import pack_planes
from lwisp_mobile.preprocess.white_balance import balance, plane_gains
from lwisp_mobile.raw.cfa import align, cfa_offset_px, unpack
from lwisp_mobile.raw.image import RawImage

with warnings.catch_warnings():
    # It warns, once, that matplotlib isn't there to plot with.
    warnings.simplefilter("ignore")
    from colour_demosaicing import demosaicing_CFA_Bayer_Menon2007

F32 = NDArray[np.float32]
Demosaic = Callable[[RawImage], F32]
"""A mosaic to white-balanced linear camera RGB, (H, W, 3) in [0, 1]."""

_SRGB_GAMMA = (2.4, 12.92)
"""LibRaw's form of the sRGB curve: power, and slope at black. Its default is BT.709's."""


@dataclass(frozen=True)
class Pipeline:
    """A classical pipeline."""

    name: str
    demosaic: Demosaic
    denoised: bool

    def develop(self, raw: RawImage, rendered: RenderedTone = "contrast") -> F32:
        """The finished picture, (H, W, 3) in [0, 1], not turned upright. rendered: its tone."""
        if raw.camera_to_srgb is None:
            raise UsageError("An oracle needs the camera's true colour matrix; this frame has none.")
        camera_rgb = self.demosaic(raw)
        return finish(denoise(camera_rgb) if self.denoised else camera_rgb, raw.camera_to_srgb, rendered)


def menon(raw: RawImage) -> F32:
    """Menon, Andriani and Calvagno (2007), directional filtering with a posteriori decision, by colour-demosaicing."""
    rgb = demosaicing_CFA_Bayer_Menon2007(balanced_mosaic(raw).astype(np.float64), raw.cfa)
    return np.clip(rgb, 0, 1).astype(np.float32)


def libraw_ahd(raw: RawImage) -> F32:
    """Hirakawa and Parks' AHD (2005), as LibRaw does it. Raises RawFormatError if the frame has no colour matrix."""
    rgb = _by_libraw(raw, rawpy.ColorSpace.raw, gamma=(1, 1), automatic_brightness=False)
    return (rgb / 65535).astype(np.float32)


def libraw_picture(raw: RawImage) -> NDArray[np.uint16]:
    """A mosaic as LibRaw renders it of itself: AHD, automatic brightness, sRGB; white balance and matrix of the frame.

    Returns (H, W, 3) uint16, not turned upright. Raises RawFormatError if the frame has no colour matrix.
    """
    return _by_libraw(raw, rawpy.ColorSpace.sRGB, gamma=_SRGB_GAMMA, automatic_brightness=True)


def _by_libraw(
    raw: RawImage, color: rawpy.ColorSpace, gamma: tuple[float, float], automatic_brightness: bool
) -> NDArray[np.uint16]:
    """A mosaic through a DNG file and LibRaw, demosaiced by AHD."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frame.dng"
        # LibRaw turns pictures upright of itself.
        write_dng(path, replace(raw, orientation=1))
        with rawpy.imread(str(path)) as file:
            rgb = file.postprocess(
                demosaic_algorithm=rawpy.DemosaicAlgorithm.AHD,
                use_camera_wb=True,
                output_color=color,
                gamma=gamma,
                no_auto_bright=not automatic_brightness,
                output_bps=16,
            )
    return np.asarray(rgb, np.uint16)


def balanced_mosaic(raw: RawImage) -> F32:
    """Light per site, black subtracted, white-balanced with the smallest gain 1, clipped to [0, 1]; (H, W)."""
    contract = InputContract()
    black = black_levels(raw, contract)
    planes = pack_planes(align(raw.mosaic, raw.cfa, 2))
    light = clip_white(balance(subtract_black(planes, black), plane_gains(raw, contract, black)))
    light = unpack(light.transpose(1, 2, 0))
    top, left = cfa_offset_px(raw.cfa)
    return np.maximum(light[top : top + raw.height_px, left : left + raw.width_px], np.float32(0))


def denoise(camera_rgb: F32) -> F32:
    """BayesShrink wavelet denoising in YCbCr (Chang, Yu and Vetterli, 2000), on the square root of light.

    The square root makes shot noise uniform, which the method assumes.
    """
    shrunk = denoise_wavelet(
        np.sqrt(camera_rgb), channel_axis=-1, convert2ycbcr=True, method="BayesShrink", rescale_sigma=True
    )
    return np.asarray(np.clip(shrunk, 0, 1) ** 2, np.float32)


def finish(camera_rgb: F32, camera_to_srgb: Matrix3, rendered: RenderedTone = "contrast") -> F32:
    """The true matrix and tone."""
    linear = camera_rgb @ np.array(camera_to_srgb, np.float32).T
    return tone(np.clip(linear, np.float32(0), np.float32(1)), rendered)


PIPELINES = (
    Pipeline("LibRaw AHD, oracle", libraw_ahd, denoised=False),
    Pipeline("LibRaw AHD, oracle, wavelet", libraw_ahd, denoised=True),
    Pipeline("Menon, oracle", menon, denoised=False),
    Pipeline("Menon, oracle, wavelet", menon, denoised=True),
)
