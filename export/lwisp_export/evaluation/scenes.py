"""Nearly noiseless linear scenes out of real files: RAW frames of low ISO binned 2x2, and linear RGB pictures.

Binning takes each quad's R, B and mean of both G as one pixel, so a scene has a real lens's and sensor's detail at half
the size. R and B of a quad lie a pixel apart and stay so: half a pixel of the scene.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lwisp_export.evaluation.rgb16_png import read_rgb16
from lwisp_export.synthesis.camera import REFERENCE_CAMERA, CameraColor
from lwisp_export.synthesis.validation_frames import SIDE_MULTIPLE_PX
from lwisp_mobile.contract import InputContract
from lwisp_mobile.errors import UsageError
from lwisp_mobile.preprocess.bad_pixels import RepairedMosaic
from lwisp_mobile.preprocess.levels import black_levels
from lwisp_mobile.preprocess.window import Window
from lwisp_mobile.raw.cfa import cfa_offset_px, pack
from lwisp_mobile.raw.color import scale_gains
from lwisp_mobile.raw.corrections import Crop
from lwisp_mobile.raw.hints import RawHints
from lwisp_mobile.raw.image import RawImage
from lwisp_mobile.raw.reader import read_raw

CLIPPED = 0.98
"""Light from which a site counts as clipped: sensors saturate a little below the level that files give."""
_LINEAR_FULL_SCALE = 65535

F32 = NDArray[np.float32]


@dataclass(frozen=True)
class Scene:
    """Linear light as a camera sees it."""

    name: str
    light: F32
    """(H, W, 3) camera RGB in [0, 1] before white balance, sides multiples of SIDE_MULTIPLE_PX."""
    counted: NDArray[np.bool_]
    """(H, W): where no sample is clipped, so that the light is known."""
    color: CameraColor


def read_scene(path: Path, hints: RawHints) -> Scene:
    """Read a RAW file, or an RGB PNG of 16 bits with the light's colour beside it (NAME_metadata.json).

    Raises UsageError if nothing of it can be scored, and as `read_raw`.
    """
    metadata = path.with_name(f"{path.stem}_metadata.json")
    if path.suffix.lower() == ".png" and metadata.exists():
        return linear_scene(path.name, read_rgb16(path), _illuminant(metadata), hints)
    return binned_scene(path.name, read_raw(path, hints))


def binned_scene(name: str, raw: RawImage) -> Scene:
    """Bin a frame 2x2, black subtracted, within its crop. Bad pixels are repaired; lens shading stays."""
    area = raw.crop or Crop(0, 0, raw.height_px, raw.width_px)
    # Whole quads that start with R: rows and columns of other sites before and after them are left out.
    offset = cfa_offset_px(raw.cfa)
    starts = [at + (at + skip) % 2 for at, skip in zip((area.top, area.left), offset)]
    ends = (area.top + area.height, area.left + area.width)
    rows, columns = (slice(start, end - (end - start) % 2) for start, end in zip(starts, ends))
    planes = pack(RepairedMosaic(raw.mosaic, raw.bad_pixels).over(Window(rows, columns)))
    black = black_levels(raw, InputContract())
    sites = (planes.astype(np.float32) - black) / (np.float32(raw.white_level) - black)
    light = np.stack([sites[..., 0], (sites[..., 1] + sites[..., 2]) / 2, sites[..., 3]], axis=-1)
    color = CameraColor(raw.camera_to_srgb or REFERENCE_CAMERA.to_srgb, scale_gains(raw.wb_gains))
    return _scene(name, light, sites.max(axis=-1) < CLIPPED, color)


def linear_scene(name: str, rgb: NDArray[np.uint16], illuminant: Sequence[float], hints: RawHints) -> Scene:
    """A linear camera RGB picture, black subtracted. rgb: (H, W, 3) uint16. illuminant: R, G, B of a grey surface."""
    light = rgb.astype(np.float32) / np.float32(_LINEAR_FULL_SCALE)
    red, green, blue = illuminant
    color = CameraColor(hints.matrix or REFERENCE_CAMERA.to_srgb, scale_gains((1 / red, 1 / green, 1 / blue)))
    return _scene(name, light, light.max(axis=-1) < CLIPPED, color)


def _scene(name: str, light: F32, counted: NDArray[np.bool_], color: CameraColor) -> Scene:
    height, width = (side - side % SIDE_MULTIPLE_PX for side in counted.shape)
    light, counted = light[:height, :width], counted[:height, :width]
    if not counted.any():
        raise UsageError(
            f"{name}: {width}x{height} px without a clipped sample are left to score; at least "
            f"{SIDE_MULTIPLE_PX}x{SIDE_MULTIPLE_PX} px, not all clipped, are needed."
        )
    return Scene(name, np.clip(light, np.float32(0), np.float32(1)), counted, color)


def _illuminant(metadata: Path) -> tuple[float, float, float]:
    try:
        red, green, blue = (float(value) for value in json.loads(metadata.read_text())["illuminant_color_raw"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{metadata}: no illuminant_color_raw of three numbers could be read ({error}).") from error
    if not min(red, green, blue) > 0:
        raise UsageError(
            f"{metadata}: illuminant_color_raw is {red}, {green}, {blue}; three numbers over 0 are needed."
        )
    return red, green, blue
