"""Developing: a RAW mosaic to an upright sRGB picture. The only module that joins `raw` to the engine."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.engine.interpreter import Target
from lwisp_mobile.engine.session import DEFAULT_TARGET, Session
from lwisp_mobile.errors import UsageError
from lwisp_mobile.frame.buffers import PictureBuffer
from lwisp_mobile.frame.executor import Executor, StageTime, run_concurrently, run_frame
from lwisp_mobile.frame.memory_model import FrameSize
from lwisp_mobile.frame.planner import FramePlan, plan_frame
from lwisp_mobile.output.picture import orient, write_picture
from lwisp_mobile.preprocess.options import PrepareOptions
from lwisp_mobile.preprocess.prepare import Packed, Preparation, prepare
from lwisp_mobile.raw.cfa import cfa_offset_px
from lwisp_mobile.raw.hints import RawHints
from lwisp_mobile.raw.image import RawImage
from lwisp_mobile.raw.reader import read_raw

MAX_EXPOSURE_EV = 8.0
_16_BIT_SUFFIXES = (".tif", ".tiff")


@dataclass(frozen=True)
class DevelopOptions:
    """What a user chooses per picture."""

    exposure_ev: float = 0.0
    """Digital exposure in stops, applied to linear light."""
    hints: RawHints = field(default_factory=RawHints)
    """What the RAW file doesn't say, or says wrongly."""
    max_memory_bytes: int | None = None
    """Budget for the whole process, by which a frame is run whole or in tiles; None: what is free."""


@dataclass(frozen=True)
class TimeSplit:
    """Where the time of one picture went, in milliseconds of wall clock."""

    read_ms: float
    prepare_ms: float
    """Pre-processing, cutting and stitching, as far as inference waited for them."""
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


@dataclass(frozen=True)
class FrameRun:
    """One developed frame and how it went."""

    rgb: NDArray[Any]
    """Upright sRGB, (H, W, 3)."""
    plan: FramePlan
    stages: tuple[StageTime, ...]
    """The sample's, then in the plan's order."""
    wall_ms: float
    """The whole of it: planning, context, stages."""


class Developer:
    """Develops RAW frames of any size with one model of a bundle; a context manager.

    Threads may share one: each gets interpreters of its own. Mosaics are only read; pictures are the caller's own.
    """

    def __init__(
        self, bundle: Bundle, *, precision: str = "int8", threads: int = 2, target: Target = DEFAULT_TARGET
    ) -> None:
        """Check the model's hash and load it. threads, target: as for Session. Raises BundleError or ModelError."""
        model = bundle.model(precision)
        self.session = Session(bundle.read(precision), model.contract, threads=threads, target=target)
        self.session.prepare_workers()

    def __enter__(self) -> "Developer":
        """Return the developer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Free the model."""
        self.session.__exit__(kind, error, trace)

    def develop(
        self,
        raw: RawImage,
        *,
        exposure_ev: float = 0.0,
        dtype: DTypeLike = np.float32,
        max_memory_bytes: int | None = None,
    ) -> NDArray[Any]:
        """Develop one frame, whole or in tiles.

        dtype: float32 for values in [0, 1], uint8 or uint16 for rounded ones, which take less memory.
        max_memory_bytes: budget for the whole process; None: what is free. Returns upright sRGB, (H, W, 3), sides
        swapped where the orientation says so. Raises UsageError on an absurd exposure or a budget under what the frame
        needs, ModelError if LiteRT fails.
        """
        return self.run(raw, DevelopOptions(exposure_ev, max_memory_bytes=max_memory_bytes), dtype).rgb

    def run(
        self,
        raw: RawImage,
        options: DevelopOptions,
        dtype: DTypeLike = np.float32,
        *,
        plan: FramePlan | None = None,
        execute: Executor = run_concurrently,
    ) -> FrameRun:
        """As `develop`, and tell how it went. plan: the runs, whatever the budget; None: the cheapest within it."""
        start = time.perf_counter()
        check_exposure(options.exposure_ev)
        contract = self.session.contract
        planes = Preparation(raw, contract.input, PrepareOptions(exposure_ev=options.exposure_ev))
        size = FrameSize(planes.height_px, planes.width_px, np.dtype(dtype).itemsize)
        plan = plan or plan_frame(contract, size, options.max_memory_bytes, self.session.max_workers)
        rgb = np.empty((raw.height_px, raw.width_px, 3), dtype)
        picture = PictureBuffer(rgb, cfa_offset_px(raw.cfa), contract.output_tensor)
        stages = run_frame(self.session, planes, plan, picture, execute)
        wall_ms = 1e3 * (time.perf_counter() - start)
        return FrameRun(orient(rgb, raw.orientation), plan, stages, wall_ms)

    def prepare(self, raw: RawImage, exposure_ev: float) -> Packed:
        """The whole frame's packed planes by the model's contract. Raises UsageError on an absurd exposure."""
        check_exposure(exposure_ev)
        return prepare(raw, self.session.contract.input, PrepareOptions(exposure_ev=exposure_ev))

    def develop_file(
        self, source: Path, output: Path, options: DevelopOptions, step: Callable[[str], None]
    ) -> Developed:
        """Read, develop and write one file; `step` is told the name of each part as it starts."""
        start = time.perf_counter()
        step("reading")
        raw = read_raw(source, options.hints)
        read_ms = 1e3 * (time.perf_counter() - start)
        step("developing")
        dtype = np.uint16 if output.suffix.lower() in _16_BIT_SUFFIXES else np.uint8
        frame = self.run(raw, options, dtype)
        inference_ms = sum(stage.run_ms for stage in frame.stages)
        step("writing")
        start = time.perf_counter()
        write_picture(output, frame.rgb, raw.info)
        write_ms = 1e3 * (time.perf_counter() - start)
        split = TimeSplit(read_ms, frame.wall_ms - inference_ms, inference_ms, write_ms)
        return Developed(source, output, frame.rgb.shape[1], frame.rgb.shape[0], raw.notes, split)


@contextmanager
def open_all(bundle: Bundle, threads: int) -> Iterator[dict[str, Developer]]:
    """A developer for each of a bundle's models, by precision in the bundle's order. Errors as for `Developer`."""
    with ExitStack() as stack:
        yield {
            model.contract.precision: stack.enter_context(
                Developer(bundle, precision=model.contract.precision, threads=threads)
            )
            for model in bundle.models
        }


def check_exposure(exposure_ev: float) -> None:
    """Raise UsageError on an exposure that no picture needs, or NaN."""
    if not abs(exposure_ev) <= MAX_EXPOSURE_EV:
        raise UsageError(f"Exposure {exposure_ev} EV is out of ±{MAX_EXPOSURE_EV:g} EV; give less.")
