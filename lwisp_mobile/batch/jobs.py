"""Many RAW files: each is one job, done alike in this process, in a pool of processes or on a cluster."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.engine.interpreter import Target
from lwisp_mobile.engine.session import DEFAULT_TARGET
from lwisp_mobile.errors import LwispError, UsageError
from lwisp_mobile.frame.developer import Developed, Developer, DevelopOptions
from lwisp_mobile.raw.reader import decoding_by
from lwisp_mobile.raw.sandbox.client import decode_apart

DEFAULT_SUFFIX = ".png"


@dataclass(frozen=True)
class Job:
    """One RAW file and where its picture goes."""

    source: Path
    output: Path


@dataclass(frozen=True)
class Settings:
    """What all jobs of a run share."""

    bundle: Bundle
    """With the hashes of its models: who does the job reads the same bytes or none."""
    precision: str
    threads: int
    """Of one job."""
    options: DevelopOptions
    sandbox: bool
    """Decode RAW files in a process of its own."""
    target: Target = DEFAULT_TARGET
    """What runs the model."""


@dataclass(frozen=True)
class Failed:
    """A RAW file that wasn't developed."""

    source: Path
    kind: str
    """The error's type, as RawFormatError."""
    message: str


Outcome = Developed | Failed


@dataclass(frozen=True)
class Summary:
    """What became of many files, each in one of the two lists, in the order given."""

    developed: tuple[Developed, ...]
    failed: tuple[Failed, ...]
    jobs: int
    """Processes that developed at the same time; 0: a cluster's."""
    wall_s: float


def plan_jobs(sources: Sequence[Path], output: Path | None, suffix: str = DEFAULT_SUFFIX) -> tuple[Job, ...]:
    """Name the picture of each RAW file.

    output: a folder for all, or the picture of a single RAW; None: beside each RAW. suffix: where output names no file.
    Raises UsageError if two would have one name, or a picture the name of a RAW.
    """
    if len(sources) == 1 and output is not None and not output.is_dir():
        jobs: tuple[Job, ...] = (Job(sources[0], output),)
    elif output is not None and not output.is_dir():
        raise UsageError(f"{output} isn't a folder; for several RAW files, -o must be one that is there.")
    else:
        jobs = tuple(Job(source, (output or source.parent) / f"{source.stem}{suffix}") for source in sources)
    _check_names(jobs)
    return jobs


def decoding(sandbox: bool) -> AbstractContextManager[None]:
    """Where RAW files are decoded within the block: in a process of its own, or here."""
    return decoding_by(decode_apart) if sandbox else nullcontext()


def develop_job(job: Job, settings: Settings) -> Outcome:
    """Do one job. What a file or the disk can cause is told as Failed; it doesn't end the run."""
    try:
        with decoding(settings.sandbox):
            return _developer(settings).develop_file(job.source, job.output, settings.options)
    except (LwispError, OSError, MemoryError) as error:
        return Failed(job.source, type(error).__name__, str(error))


def summarise(outcomes: Iterable[Outcome], jobs: int, wall_s: float) -> Summary:
    """Sort outcomes into the two lists."""
    everything = tuple(outcomes)
    developed = tuple(outcome for outcome in everything if isinstance(outcome, Developed))
    failed = tuple(outcome for outcome in everything if isinstance(outcome, Failed))
    return Summary(developed, failed, jobs, wall_s)


def in_order(jobs: Sequence[Job], finished: Iterable[tuple[Job, Outcome]]) -> Iterator[Outcome]:
    """Outcomes in the order of their jobs, each as soon as all before it are there."""
    waiting: dict[Job, Outcome] = {}
    left = iter(jobs)
    wanted = next(left, None)
    for job, outcome in finished:
        waiting[job] = outcome
        while wanted in waiting:
            yield waiting.pop(wanted)
            wanted = next(left, None)


_local = threading.local()
"""A developer isn't for several threads, and loading one takes as long as a small picture."""


def open_developer(settings: Settings) -> Developer:
    """A developer for these settings. Errors as for `Developer`."""
    return Developer(settings.bundle, precision=settings.precision, threads=settings.threads, target=settings.target)


def _developer(settings: Settings) -> Developer:
    """This thread's developer, kept from job to job."""
    if getattr(_local, "settings", None) != settings:
        _local.developer = open_developer(settings)
        _local.settings = settings
    developer: Developer = _local.developer
    return developer


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
                f"{other} and {job.source} would both become {job.output}; develop them one after another."
            )
