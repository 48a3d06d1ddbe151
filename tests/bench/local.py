"""Cases measured on this host, briefly."""

from pathlib import Path

from lwisp_bench.cases.subject import Subject, file_subject
from lwisp_bench.results.record import Record
from lwisp_bench.runners.device_runner import RunOptions
from lwisp_bench.suite.plan import Target, device_target
from lwisp_bench.worker.job import Limits
from tests.bench.small_models import add_model

BRIEF = Limits(min_runs=12, min_s=0, rule="both", min_warm_up=2, max_warm_up_s=0.2, trace_interval_s=0.01)
LOCAL: tuple[Target, ...] = (device_target("local", RunOptions(gate=None)),)


def ignore(record: Record, done_before: bool) -> None:
    """A progress callback that does nothing."""


def write_subject(folder: Path, model: bytes, name: str = "add.tflite") -> Subject:
    """A third-party model as a file and as a subject."""
    (folder / name).write_bytes(model)
    return file_subject(folder / name, {})


def add_subject(folder: Path, dtype: str = "int8") -> Subject:
    """A small ADD of one type."""
    return write_subject(folder, add_model(dtype, (1, 8, 8, 4)), f"{dtype}.tflite")
