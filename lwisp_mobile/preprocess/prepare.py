"""The one pre-processing: a RawImage to the packed planes a student takes as input.

Training, calibration, benchmarks and `develop` all call it; the Kotlin core is checked against it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import InputContract
from lwisp_mobile.preprocess.bad_pixels import RepairedMosaic
from lwisp_mobile.preprocess.color import ColorMove, to_reference
from lwisp_mobile.preprocess.curve import curve
from lwisp_mobile.preprocess.exposure import expose, exposure_note, shoulder, wanted_ev
from lwisp_mobile.preprocess.levels import black_levels, clip_white, subtract_black
from lwisp_mobile.preprocess.noise import NoisePlane, find_noise, noise_of_quads
from lwisp_mobile.preprocess.options import PrepareOptions
from lwisp_mobile.preprocess.pack import pack_planes
from lwisp_mobile.preprocess.shading import LensShading
from lwisp_mobile.preprocess.white_balance import balance, balance_gains, plane_gains
from lwisp_mobile.preprocess.window import Window
from lwisp_mobile.raw.cfa import aligned_indices, cfa_offset_px
from lwisp_mobile.raw.image import RawImage

F32 = NDArray[np.float32]

STRIP_PX = 1 << 16
"""Packed pixels worked on at a time, so that what is between two steps stays in the processor's caches."""
DEFAULT_OPTIONS = PrepareOptions()


@dataclass(frozen=True)
class Packed:
    """Packed planes and where the mosaic lies in them."""

    planes: F32
    """(h, w, planes) float32 in [0, 1], in the contract's order, sides multiples of the contract's."""
    top_px: int
    """Rows of the full-size picture before the mosaic's first row."""
    left_px: int
    """Columns of the full-size picture before the mosaic's first column."""
    height_px: int
    """Rows of the mosaic."""
    width_px: int
    """Columns of the mosaic."""
    notes: tuple[str, ...] = ()
    """What was found and chosen for this frame, for the user to read."""


def prepare(raw: RawImage, contract: InputContract, options: PrepareOptions = DEFAULT_OPTIONS) -> Packed:
    """Turn a RAW mosaic into the planes a student takes as input, step by step as its contract says.

    Raises UsageError on options that the contract's network can't heed.
    """
    preparation = Preparation(raw, contract, options)
    planes = np.empty((preparation.height_px, preparation.width_px, len(contract.planes)), np.float32)
    preparation.fill(planes)
    top, left = cfa_offset_px(raw.cfa)
    return Packed(planes, top, left, raw.height_px, raw.width_px, preparation.notes)


class Preparation:
    """`prepare` for any part of a frame: the same numbers as in the whole, without the rest."""

    def __init__(self, raw: RawImage, contract: InputContract, options: PrepareOptions = DEFAULT_OPTIONS) -> None:
        """As `prepare`. Only what the whole frame decides is computed: `auto` exposure and an estimate of the noise."""
        options.check_for(contract)
        self._offset = contract.curve_offset
        self._rows, self._columns = aligned_indices(raw.mosaic.shape, raw.cfa, 2 * contract.size_multiple)
        self._mosaic = RepairedMosaic(raw.mosaic, raw.bad_pixels if contract.bad_pixels else ())
        self._set_light(raw, contract, options)
        self._set_color(raw, contract)
        self._set_noise(raw, contract, options)

    def _set_light(self, raw: RawImage, contract: InputContract, options: PrepareOptions) -> None:
        ev, knee = wanted_ev(raw, contract, options.exposure_ev), contract.exposure_knee
        self.exposure_ev = ev
        """Stops applied: the user's and the file's, or `auto`'s."""
        self._black = black_levels(raw, contract)
        self._exposure_gain = 2.0**ev if knee is None else 1.0
        self._gains = plane_gains(raw, contract, self._black, self._exposure_gain)
        self._exposure = shoulder(ev, knee) if knee is not None and ev else None
        shaded = contract.lens_shading and options.lens_shading and (raw.gain_maps or raw.vignette)
        self._shading = LensShading(raw, self._rows, self._columns) if shaded else None
        self.notes: tuple[str, ...] = exposure_note(raw, options.exposure_ev, ev) + _ignored_note(raw, contract)
        """What was found and chosen for this frame, for the user to read."""

    def _set_color(self, raw: RawImage, contract: InputContract) -> None:
        reference = contract.reference_to_srgb
        self._color = None
        if reference is not None:
            matrix = to_reference(raw.camera_to_srgb, reference)
            self._color = ColorMove(matrix, smoothed=contract.color_shift == "smoothed")

    def _set_noise(self, raw: RawImage, contract: InputContract, options: PrepareOptions) -> None:
        self._noise = None
        if contract.has_noise_plane:
            profile, note = find_noise(raw, options.noise)
            noise = noise_of_quads(profile, balance_gains(raw, contract), self._exposure_gain)
            scale = np.float32(options.denoise / contract.noise_full_scale)
            self._noise = NoisePlane(noise, self._exposure, contract.curve_offset, scale)
            self.notes += (note,)

    @property
    def height_px(self) -> int:
        """Rows of the packed planes."""
        return len(self._rows) // 2

    @property
    def width_px(self) -> int:
        """Columns of the packed planes."""
        return len(self._columns) // 2

    def fill(
        self,
        out: NDArray[Any],
        top_px: int = 0,
        left_px: int = 0,
        encode: Callable[[F32], NDArray[Any]] | None = None,
    ) -> None:
        """Fill `out`, (h, w, planes), with the part of the planes that begins at a packed row and column.

        encode: turns values in [0, 1] into the type of `out`, element by element; None: they're stored as float32.
        """
        height, width, _ = out.shape
        strip = max(1, STRIP_PX // width)
        for start in range(0, height, strip):
            stop = min(start + strip, height)
            window = Window(slice(top_px + start, top_px + stop), slice(left_px, left_px + width))
            for index, plane in enumerate(self._planes(window)):
                out[start:stop, :, index] = plane if encode is None else encode(plane)

    def _planes(self, window: Window) -> list[F32]:
        """The planes of a part of the frame, each (h, w) float32 in [0, 1]."""
        reach_px = 0 if self._color is None else self._color.reach_px
        outer = window.widened(reach_px, (self.height_px, self.width_px))
        inner = window.within(outer)
        light = balance(subtract_black(pack_planes(self._sites(outer)), self._black), self._gains)
        gain = None if self._shading is None else self._shading.over(outer)
        if gain is not None:
            light *= gain
        light = clip_white(light)
        noise = self._noise_planes(light, gain, inner)
        if self._color is not None:
            light = self._color.apply(light, inner)
        if self._exposure is not None:
            light = expose(light, self._exposure)
        return [*curve(light, self._offset), *noise]

    def _noise_planes(self, light: F32, gain: F32 | None, inner: Window) -> list[F32]:
        """The noise plane of an inner window, if the contract has one."""
        if self._noise is None:
            return []
        inner_gain = None if gain is None else gain[:, inner.rows, inner.columns]
        return [self._noise.over(light[:, inner.rows, inner.columns], inner_gain)]

    def _sites(self, window: Window) -> NDArray[np.uint16]:
        """The aligned mosaic's sites of a part in packed pixels."""
        rows, columns = (
            index[2 * part.start : 2 * part.stop]
            for index, part in ((self._rows, window.rows), (self._columns, window.columns))
        )
        span = Window(*(slice(int(places.min()), int(places.max()) + 1) for places in (rows, columns)))
        return _take(_take(self._mosaic.over(span), rows - span.rows.start, 0), columns - span.columns.start, 1)


def _ignored_note(raw: RawImage, contract: InputContract) -> tuple[str, ...]:
    """What the file asks for and the contract's network is trained to do without."""
    shaded = bool(raw.gain_maps or raw.vignette) and not contract.lens_shading
    ignored = ["lens shading"] * shaded + ["bad pixels"] * (bool(raw.bad_pixels) and not contract.bad_pixels)
    return (f"The file's {' and '.join(ignored)} aren't corrected: this model does without.",) if ignored else ()


def _take(mosaic: NDArray[np.uint16], index: NDArray[np.intp], axis: int) -> NDArray[np.uint16]:
    """Rows or columns by index; a view where they follow one another (indices of a reflection go by steps of one)."""
    if index[-1] - index[0] == len(index) - 1:
        part = slice(int(index[0]), int(index[-1]) + 1)
        return mosaic[part] if axis == 0 else mosaic[:, part]
    return np.take(mosaic, index, axis)
