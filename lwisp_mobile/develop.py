"""Developing: a RAW mosaic to an upright sRGB picture. The only module that joins `raw` to `session`."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.bundle import Bundle
from lwisp_mobile.errors import UsageError
from lwisp_mobile.memory import check_frame
from lwisp_mobile.picture import orient, write_picture
from lwisp_mobile.raw.hints import RawHints
from lwisp_mobile.raw.image import RawImage
from lwisp_mobile.raw.prepare import Packed, prepare
from lwisp_mobile.raw.reader import read_raw
from lwisp_mobile.session import Session

MAX_EXPOSURE_EV = 8.0


@dataclass(frozen=True)
class DevelopOptions:
    """What a user chooses per picture."""

    exposure_ev: float = 0.0
    """Digital exposure in stops, applied to linear light."""
    hints: RawHints = field(default_factory=RawHints)
    """What the RAW file doesn't say, or says wrongly."""


@dataclass(frozen=True)
class TimeSplit:
    """Where the time of one picture went, in milliseconds of wall clock."""

    read_ms: float
    prepare_ms: float
    inference_ms: float
    write_ms: float

    @property
    def total_ms(self) -> float:
        """Sum of the parts."""
        return self.read_ms + self.prepare_ms + self.inference_ms + self.write_ms


@dataclass(frozen=True)
class Developed:
    """What became of one RAW file."""

    source: Path
    output: Path
    width_px: int
    height_px: int
    notes: tuple[str, ...]
    """What was assumed because the file didn't say."""
    time: TimeSplit


class Developer:
    """Develops RAW frames with one model of a bundle; a context manager, one per thread."""

    def __init__(self, bundle: Bundle, *, precision: str = "int8", threads: int = 2) -> None:
        """Check the model's hash and load it. Raises BundleError or ModelError."""
        model = bundle.model(precision)
        self.session = Session(bundle.read(precision), model.contract, threads=threads)

    def __enter__(self) -> "Developer":
        """Return the developer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Free the model."""
        self.session.__exit__(kind, error, trace)

    def develop(self, raw: RawImage, *, exposure_ev: float = 0.0) -> NDArray[np.float32]:
        """Develop one frame whole.

        Returns upright sRGB, float32 in [0, 1], (H, W, 3), sides swapped where the orientation says so.
        """
        return self._run(self.prepare(raw, exposure_ev), raw)

    def prepare(self, raw: RawImage, exposure_ev: float) -> Packed:
        """The frame's packed planes by the model's contract.

        Raises UsageError on an absurd exposure, ModelError if there isn't the memory to run the frame whole.
        """
        if not abs(exposure_ev) <= MAX_EXPOSURE_EV:
            raise UsageError(f"Exposure {exposure_ev} EV is out of ±{MAX_EXPOSURE_EV:g} EV; give less.")
        check_frame(raw.width_px, raw.height_px, self.session.contract.precision)
        return prepare(raw, self.session.contract.input, exposure_ev=exposure_ev)

    def develop_file(
        self, source: Path, output: Path, options: DevelopOptions, step: Callable[[str], None]
    ) -> Developed:
        """Read, develop and write one file; `step` is told the name of each part as it starts."""
        clock = [time.perf_counter()]
        step("reading")
        raw = read_raw(source, options.hints)
        clock.append(time.perf_counter())
        step("pre-processing")
        packed = self.prepare(raw, options.exposure_ev)
        clock.append(time.perf_counter())
        step("inference")
        rgb = self._run(packed, raw)
        clock.append(time.perf_counter())
        step("writing")
        write_picture(output, rgb, raw.info)
        clock.append(time.perf_counter())
        parts = [1e3 * (end - start) for start, end in pairwise(clock)]
        return Developed(source, output, rgb.shape[1], rgb.shape[0], raw.notes, TimeSplit(*parts))

    def _run(self, packed: Packed, raw: RawImage) -> NDArray[np.float32]:
        return orient(crop(self.session.run(packed.planes), packed), raw.orientation)


def crop(rgb: NDArray[np.float32], packed: Packed) -> NDArray[np.float32]:
    """Cut the developed picture to the mosaic's own pixels."""
    rows = slice(packed.top_px, packed.top_px + packed.height_px)
    return rgb[rows, packed.left_px : packed.left_px + packed.width_px]
