"""Developing: a RAW mosaic to an upright sRGB picture."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Literal, TypedDict, TypeVar, Unpack, overload

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.engine.interpreter import Target
from lwisp_mobile.engine.precision import AUTO
from lwisp_mobile.engine.session import DEFAULT_TARGET, Session
from lwisp_mobile.frame.buffers import PictureBuffer
from lwisp_mobile.frame.executor import Executor, StageTime, run_concurrently, run_frame
from lwisp_mobile.frame.memory_model import FrameSize
from lwisp_mobile.frame.planner import FramePlan, plan_frame
from lwisp_mobile.output.geometry import finish, finishing_bytes, is_moved
from lwisp_mobile.output.picture import write_picture, writing_bytes
from lwisp_mobile.output.tone import Tone
from lwisp_mobile.preprocess.options import PrepareOptions
from lwisp_mobile.preprocess.prepare import Packed, Preparation, prepare
from lwisp_mobile.progress import Progress, silent
from lwisp_mobile.raw.cfa import cfa_offset_px
from lwisp_mobile.raw.corrections import NoiseProfile
from lwisp_mobile.raw.hints import NO_HINTS, RawHints
from lwisp_mobile.raw.image import RawImage
from lwisp_mobile.raw.reader import read_raw

PictureType = TypeVar("PictureType", np.float32, np.uint8, np.uint16)
"""The types a picture can have: float32 in [0, 1], or rounded to 8 or 16 bits."""

_16_BIT_SUFFIXES = (".tif", ".tiff")


@dataclass(frozen=True)
class DevelopOptions(PrepareOptions):
    """What a user chooses per picture: the pre-processing's options, and these."""

    tone: Tone | None = None
    """The picture's tone; None: as the model renders. Of an 8-bit model, another one loses codes: see the notes."""
    hints: RawHints = NO_HINTS
    """What the RAW file doesn't say, or says wrongly."""
    max_memory_bytes: int | None = None
    """Budget for the whole process, which decides how a frame is cut into tiles; None: what is free."""
    distortion: bool = True
    """Undo the lens's distortion and lateral colour, where the file says how."""
    strip_gps: bool = False
    """Leave out of the picture's Exif where it was taken."""


DEFAULT_OPTIONS = DevelopOptions()


class PictureOptions(TypedDict, total=False):
    """Those of `DevelopOptions` that a picture in memory has, as keywords."""

    exposure_ev: float | Literal["auto"]
    lens_shading: bool
    noise: NoiseProfile | None
    denoise: float
    tone: Tone | None
    max_memory_bytes: int | None
    distortion: bool


class FileOptions(PictureOptions, total=False):
    """All of `DevelopOptions` as keywords."""

    hints: RawHints
    strip_gps: bool


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
    exposure_ev: float
    """Stops applied: the user's and those the file asks for, or what `auto` found."""
    tone: Tone
    precision: str
    """The model's."""
    notes: tuple[str, ...]
    """What was assumed because the RAW file didn't say, what of it isn't honoured, and what was found and chosen."""
    time: TimeSplit


@dataclass(frozen=True)
class FrameRun(Generic[PictureType]):
    """One developed frame and how its run went."""

    rgb: NDArray[PictureType]
    """Upright sRGB, (H, W, 3)."""
    exposure_ev: float
    """Stops applied."""
    tone: Tone
    notes: tuple[str, ...]
    """The frame's, and what was found and chosen for it."""
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
        precision: str = AUTO,
        threads: int = 2,
        target: Target = DEFAULT_TARGET,
    ) -> None:
        """Check the model's hash and load it.

        bundle: the name of a shipped bundle, a bundle's folder or .zip (as `find_bundle` takes it), or a loaded one.
        precision: int8, fp16, or another that the bundle contains; auto: INT8 if this CPU runs it faster, else fp16, as
        each picture's notes say. threads, target: as for `Session`.
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
    def develop(self, raw: RawImage | str | Path, **options: Unpack[PictureOptions]) -> NDArray[np.float32]: ...

    @overload
    def develop(
        self, raw: RawImage | str | Path, *, dtype: type[PictureType], **options: Unpack[PictureOptions]
    ) -> NDArray[PictureType]: ...

    def develop(
        self, raw: RawImage | str | Path, *, dtype: Any = np.float32, **options: Unpack[PictureOptions]
    ) -> NDArray[Any]:
        """Develop one frame, whole or in tiles.

        raw: a frame, or a RAW file, which is decoded in this process. dtype: np.float32 for values in [0, 1]; np.uint8
        or np.uint16 for rounded ones, which take less memory. The options:

            exposure_ev: stops brighter or darker, beside those the file asks for; "auto": by the frame's own light.
            lens_shading, distortion: False leaves the lens's as it is, even where the file says how to undo it.
            tone: "neutral", "standard" or "contrast"; by default as the model renders.
            noise, denoise: a `NoiseProfile` in place of the frame's, and a factor on it from 0 to 2; for models that
                are told the noise.
            max_memory_bytes: budget for the whole process; None: what is free.

        Returns upright sRGB, (H, W, 3); H and W are swapped where the orientation says so. `run` gives notes, too.
        Raises UsageError on an absurd exposure, an option without effect on this model, another dtype or a budget below
        what the frame needs, a RawError if the file can't be read, ModelError if the engine fails.
        """
        frame = raw if isinstance(raw, RawImage) else read_raw(raw)
        run: FrameRun[Any] = self.run(frame, DevelopOptions(**options), dtype)
        return run.rgb

    def run(
        self,
        raw: RawImage,
        options: DevelopOptions,
        dtype: type[PictureType],
        *,
        plan: FramePlan | None = None,
        execute: Executor = run_concurrently,
        writing_bytes: int = 0,
    ) -> FrameRun[PictureType]:
        """Develop one frame as `develop` does, and report how the run went. The options' hints aren't used.

        plan: the tiles, whatever the budget; None: the cheapest within it. execute: how a stage goes over its tiles.
        writing_bytes: what writing the picture will take beside it, which the budget has to hold, too.
        """
        start, contract = time.perf_counter(), self.session.contract
        planes = Preparation(raw, contract.input, options)
        tone: Tone = options.tone or contract.rendered_tone
        value_bytes = np.dtype(dtype).itemsize
        finishing = finishing_bytes(raw, value_bytes, distortion=options.distortion)
        size = FrameSize(planes.height_px, planes.width_px, value_bytes, max(finishing, writing_bytes))
        plan = plan or plan_frame(contract, size, options.max_memory_bytes, self.session.max_workers)
        rgb = np.empty((raw.height_px, raw.width_px, 3), dtype)
        place = cfa_offset_px(raw.cfa)
        buffer = PictureBuffer(rgb, place, contract.output_tensor, rendered=contract.rendered_tone, wanted=tone)
        stages = run_frame(self.session, planes, plan, buffer, execute)
        picture = finish(rgb, raw, distortion=options.distortion)
        notes = self.session.notes + raw.notes + planes.notes + buffer.notes
        wall_ms = 1e3 * (time.perf_counter() - start)
        return FrameRun(picture, planes.exposure_ev, tone, notes, plan, stages, wall_ms)

    def prepare(self, raw: RawImage, options: PrepareOptions = DEFAULT_OPTIONS) -> Packed:
        """Pack the whole frame into the model's input planes. Raises UsageError on an option without effect on it."""
        return prepare(raw, self.session.contract.input, options)

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
        beside = writing_bytes(output, raw.height_px * raw.width_px, contiguous=not is_moved(raw))
        frame: FrameRun[Any] = self.run(raw, options, dtype, writing_bytes=beside)
        inference_ms = sum(stage.run_ms for stage in frame.stages)
        progress("writing")
        start = time.perf_counter()
        write_picture(output, frame.rgb, raw.info, strip_gps=options.strip_gps)
        write_ms = 1e3 * (time.perf_counter() - start)
        split = TimeSplit(read_ms, frame.wall_ms - inference_ms, inference_ms, write_ms)
        height, width, _ = frame.rgb.shape
        precision = self.session.contract.precision
        return Developed(source, output, width, height, frame.exposure_ev, frame.tone, precision, frame.notes, split)


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
