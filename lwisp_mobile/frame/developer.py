"""Developing: a RAW mosaic to an upright sRGB picture."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.engine.interpreter import Target
from lwisp_mobile.engine.session import DEFAULT_TARGET, Session
from lwisp_mobile.errors import UsageError
from lwisp_mobile.frame.buffers import PictureBuffer
from lwisp_mobile.frame.executor import Executor, StageTime, run_concurrently, run_frame
from lwisp_mobile.frame.memory_model import FrameSize
from lwisp_mobile.frame.planner import FramePlan, plan_frame
from lwisp_mobile.output.geometry import finish
from lwisp_mobile.output.picture import write_picture
from lwisp_mobile.preprocess.options import PrepareOptions
from lwisp_mobile.preprocess.prepare import Packed, Preparation, prepare
from lwisp_mobile.progress import Progress, silent
from lwisp_mobile.raw.cfa import cfa_offset_px
from lwisp_mobile.raw.hints import NO_HINTS, RawHints
from lwisp_mobile.raw.image import RawImage
from lwisp_mobile.raw.reader import read_raw

PictureType = TypeVar("PictureType", np.float32, np.uint8, np.uint16)
"""The types a picture can have: float32 in [0, 1], or rounded to 8 or 16 bits."""

MAX_EXPOSURE_EV = 8.0
_16_BIT_SUFFIXES = (".tif", ".tiff")


@dataclass(frozen=True)
class DevelopOptions:
    """What a user chooses per picture."""

    exposure_ev: float = 0.0
    """Digital exposure in stops, applied to linear light."""
    hints: RawHints = NO_HINTS
    """What the RAW file doesn't say, or says wrongly."""
    max_memory_bytes: int | None = None
    """Budget for the whole process, which decides how a frame is cut into tiles; None: what is free."""
    distortion: bool = True
    """Undo the lens's distortion and lateral colour, where the file says how."""
    strip_gps: bool = False
    """Leave out of the picture's Exif where it was taken."""


DEFAULT_OPTIONS = DevelopOptions()


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
    """A RAW file that was developed into a picture file."""

    source: Path
    output: Path
    width_px: int
    height_px: int
    notes: tuple[str, ...]
    """What was assumed because the RAW file didn't say."""
    time: TimeSplit


@dataclass(frozen=True)
class FrameRun(Generic[PictureType]):
    """One developed frame and how its run went."""

    rgb: NDArray[PictureType]
    """Upright sRGB, (H, W, 3)."""
    plan: FramePlan
    stages: tuple[StageTime, ...]
    """The sample's, then in the plan's order."""
    wall_ms: float
    """The whole run: planning, context, stages."""


class Developer:
    """Develops RAW frames of any size with one model of a bundle; a context manager.

    Threads may share one: each gets interpreters of its own at its first call. Mosaics are only read; the pictures
    returned belong to the caller.

        >>> with Developer("lwisp-lite") as developer:
        ...     rgb = developer.develop("photo.dng", dtype=np.uint8)
        >>> rgb.shape
        (512, 511, 3)
    """

    def __init__(
        self,
        bundle: Bundle | str | Path = "lwisp",
        *,
        precision: str = "int8",
        threads: int = 2,
        target: Target = DEFAULT_TARGET,
    ) -> None:
        """Check the model's hash and load it.

        bundle: the name of a shipped bundle, a bundle's folder or .zip (as `find_bundle` takes it), or a loaded one.
        precision: int8, fp16, or another that the bundle contains. threads, target: as for `Session`.
        Raises BundleError, or ModelError if the engine refuses the model.
        """
        self.session = Session.from_bundle(bundle, precision=precision, threads=threads, target=target)
        self.session.prepare_workers()

    def __enter__(self) -> "Developer":
        """Return the developer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Free the model."""
        self.session.__exit__(kind, error, trace)

    @overload
    def develop(
        self, raw: RawImage | str | Path, *, exposure_ev: float = ..., max_memory_bytes: int | None = ...
    ) -> NDArray[np.float32]: ...

    @overload
    def develop(
        self,
        raw: RawImage | str | Path,
        *,
        dtype: type[PictureType],
        exposure_ev: float = ...,
        max_memory_bytes: int | None = ...,
    ) -> NDArray[PictureType]: ...

    def develop(
        self,
        raw: RawImage | str | Path,
        *,
        exposure_ev: float = 0.0,
        dtype: Any = np.float32,
        max_memory_bytes: int | None = None,
    ) -> NDArray[Any]:
        """Develop one frame, whole or in tiles.

        raw: a frame, or a RAW file, which is decoded in this process. exposure_ev: digital exposure in stops.
        dtype: np.float32 for values in [0, 1]; np.uint8 or np.uint16 for rounded ones, which take less memory.
        max_memory_bytes: budget for the whole process; None: what is free.
        Returns upright sRGB, (H, W, 3); H and W are swapped where the orientation says so.
        Raises UsageError on an absurd exposure, another dtype or a budget below what the frame needs, a RawError if the
        file can't be read, ModelError if the engine fails.
        """
        frame = raw if isinstance(raw, RawImage) else read_raw(raw)
        run: FrameRun[Any] = self.run(frame, DevelopOptions(exposure_ev, max_memory_bytes=max_memory_bytes), dtype)
        return run.rgb

    def run(
        self,
        raw: RawImage,
        options: DevelopOptions,
        dtype: type[PictureType],
        *,
        plan: FramePlan | None = None,
        execute: Executor = run_concurrently,
    ) -> FrameRun[PictureType]:
        """Develop one frame as `develop` does, and report how the run went. The options' hints aren't used.

        plan: the tiles, whatever the budget; None: the cheapest within it. execute: how a stage goes over its tiles.
        """
        start = time.perf_counter()
        check_exposure(options.exposure_ev)
        contract = self.session.contract
        planes = Preparation(raw, contract.input, PrepareOptions(exposure_ev=options.exposure_ev))
        size = FrameSize(planes.height_px, planes.width_px, np.dtype(dtype).itemsize)
        plan = plan or plan_frame(contract, size, options.max_memory_bytes, self.session.max_workers)
        rgb = np.empty((raw.height_px, raw.width_px, 3), dtype)
        buffer = PictureBuffer(rgb, cfa_offset_px(raw.cfa), contract.output_tensor)
        stages = run_frame(self.session, planes, plan, buffer, execute)
        picture = finish(rgb, raw, distortion=options.distortion)
        wall_ms = 1e3 * (time.perf_counter() - start)
        return FrameRun(picture, plan, stages, wall_ms)

    def prepare(self, raw: RawImage, exposure_ev: float) -> Packed:
        """Pack the whole frame into the model's input planes. Raises UsageError on an absurd exposure."""
        check_exposure(exposure_ev)
        return prepare(raw, self.session.contract.input, PrepareOptions(exposure_ev=exposure_ev))

    def develop_file(
        self,
        source: str | Path,
        output: str | Path,
        options: DevelopOptions = DEFAULT_OPTIONS,
        progress: Progress = silent,
    ) -> Developed:
        """Read, develop and write one file: .png or .jpg with 8 bits, .tif with 16. Three steps of progress.

        Raises as `develop` does, and ImageError if the picture can't be written.
        """
        source, output = Path(source), Path(output)
        start = time.perf_counter()
        progress("reading")
        raw = read_raw(source, options.hints)
        read_ms = 1e3 * (time.perf_counter() - start)
        progress("developing")
        dtype: Any = np.uint16 if output.suffix.lower() in _16_BIT_SUFFIXES else np.uint8
        frame: FrameRun[Any] = self.run(raw, options, dtype)
        inference_ms = sum(stage.run_ms for stage in frame.stages)
        progress("writing")
        start = time.perf_counter()
        write_picture(output, frame.rgb, raw.info, strip_gps=options.strip_gps)
        write_ms = 1e3 * (time.perf_counter() - start)
        split = TimeSplit(read_ms, frame.wall_ms - inference_ms, inference_ms, write_ms)
        return Developed(source, output, frame.rgb.shape[1], frame.rgb.shape[0], raw.notes, split)


@contextmanager
def open_all(bundle: Bundle, threads: int) -> Iterator[dict[str, Developer]]:
    """Open a developer for each of a bundle's models, by precision in the bundle's order. Raises as `Developer`."""
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
        raise UsageError(f"Exposure {exposure_ev} EV is outside ±{MAX_EXPOSURE_EV:g} EV; give a value within it.")
