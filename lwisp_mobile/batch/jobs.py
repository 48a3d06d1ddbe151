"""Many RAW files: each is one job, done the same way in this process, a pool of processes or a cluster."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from lwisp_mobile.batch.sources import Source
from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.engine.interpreter import Target
from lwisp_mobile.engine.session import DEFAULT_TARGET
from lwisp_mobile.errors import LwispError, UsageError
from lwisp_mobile.frame.developer import Developed, Developer, DevelopOptions
from lwisp_mobile.output.picture import PICTURE_SUFFIXES
from lwisp_mobile.progress import Progress, silent
from lwisp_mobile.raw.reader import decoding_by
from lwisp_mobile.raw.sandbox.client import decode_apart

DEFAULT_SUFFIX = ".png"
_LONG_SUFFIXES = {".jpg": ".jpeg", ".tif": ".tiff"}


@dataclass(frozen=True)
class Job:
    """One RAW file and where its picture goes."""

    source: Path
    output: Path


@dataclass(frozen=True)
class Settings:
    """What all jobs of a run share."""

    bundle: Bundle
    """With the hashes of its models: whoever does the job reads the same bytes or none."""
    precision: str
    threads: int
    """Per job."""
    options: DevelopOptions
    sandbox: bool
    """Decode RAW files in a separate process."""
    target: Target = DEFAULT_TARGET
    """Engine and delegate."""


@dataclass(frozen=True)
class Failed:
    """A RAW file that wasn't developed."""

    source: Path
    kind: str
    """The error's type, such as RawFormatError."""
    message: str


Outcome = Developed | Failed


@dataclass(frozen=True)
class Summary:
    """What became of many files: each is in one of the two lists, in the order of the jobs."""

    developed: tuple[Developed, ...]
    failed: tuple[Failed, ...]
    jobs: int
    """Processes that developed at the same time; 0: a cluster did."""
    wall_s: float


def plan_jobs(sources: Sequence[Source], output: Path | None, suffix: str | None = None) -> tuple[Job, ...]:
    """Name the picture of each RAW file.

    output: a folder for all, which needn't exist, or the picture of a single RAW file; None: next to each RAW file.
    What has a suffix and isn't a folder is a picture. suffix: of the pictures that output doesn't name; default: .png.
    Raises UsageError if suffix contradicts output, or two pictures, or a picture and a RAW file, would have one name.
    """
    if output is not None and output.suffix and not output.is_dir():
        _check_picture(output, len(sources), suffix)
        jobs: tuple[Job, ...] = (Job(sources[0].path, output),)
    else:
        jobs = tuple(Job(source.path, _picture(source, output, suffix or DEFAULT_SUFFIX)) for source in sources)
    _check_names(jobs)
    return jobs


def _check_picture(output: Path, sources: int, suffix: str | None) -> None:
    if sources > 1:
        raise UsageError(f"{output} isn't a folder; for {sources} RAW files, -o must be one.")
    found = output.suffix.lower()
    if found not in PICTURE_SUFFIXES:
        known = ", ".join(PICTURE_SUFFIXES)
        raise UsageError(f"{output}: the suffix {output.suffix!r} is unknown; give one of {known}, or a folder.")
    if suffix is not None and found not in (suffix, _LONG_SUFFIXES.get(suffix)):
        raise UsageError(f"{output} isn't named {suffix}, which --type asks for; leave one of the two out.")


def _picture(source: Source, output: Path | None, suffix: str) -> Path:
    folder = source.path.parent if output is None else output / source.subfolder
    return folder / f"{source.path.stem}{suffix}"


def decoding(sandbox: bool) -> AbstractContextManager[None]:
    """Choose where RAW files are decoded within the block: in a separate process, or in this one."""
    return decoding_by(decode_apart) if sandbox else nullcontext()


def develop_job(job: Job, settings: Settings, progress: Progress = silent) -> Outcome:
    """Do one job. What a file or the disk can cause is reported as Failed and doesn't end the run."""
    try:
        with decoding(settings.sandbox):
            return _kept_developer(settings).develop_file(job.source, job.output, settings.options, progress)
    except (LwispError, OSError, MemoryError) as error:
        return Failed(job.source, type(error).__name__, str(error))


def summarise(outcomes: Iterable[Outcome], jobs: int, wall_s: float) -> Summary:
    """Sort outcomes into those developed and those that failed."""
    everything = tuple(outcomes)
    developed = tuple(outcome for outcome in everything if isinstance(outcome, Developed))
    failed = tuple(outcome for outcome in everything if isinstance(outcome, Failed))
    return Summary(developed, failed, jobs, wall_s)


def in_order(jobs: Sequence[Job], finished: Iterable[tuple[Job, Outcome]]) -> Iterator[Outcome]:
    """Yield outcomes in the order of their jobs, each as soon as all before it are there."""
    waiting: dict[Job, Outcome] = {}
    remaining = iter(jobs)
    wanted = next(remaining, None)
    for job, outcome in finished:
        waiting[job] = outcome
        while wanted in waiting:
            yield waiting.pop(wanted)
            wanted = next(remaining, None)


def open_developer(settings: Settings) -> Developer:
    """Open a developer with these settings. Raises as `Developer` does."""
    return Developer(settings.bundle, precision=settings.precision, threads=settings.threads, target=settings.target)


@lru_cache(maxsize=1)
def _kept_developer(settings: Settings) -> Developer:
    """The developer of the last job, if its settings were these: loading one takes as long as a small picture."""
    return open_developer(settings)


def _check_names(jobs: Sequence[Job]) -> None:
    sources = {job.source.absolute() for job in jobs}
    taken: dict[Path, Path] = {}
    for job in jobs:
        name = job.output.absolute()
        if name in sources:
            raise UsageError(f"{job.output} is the RAW file itself; give another name with -o.")
        other = taken.setdefault(name, job.source)
        if other is not job.source:
            raise UsageError(
                f"{other} and {job.source} would both become {job.output}; give them different folders with -o."
            )
