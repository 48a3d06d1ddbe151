"""Inferences between marks that the counting emulator recognises; nothing here is timed."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from lwisp_bench.worker.job import CountResult, Job
from lwisp_bench.worker.loaded_model import LoadedModel, engine_class, read_image, runtime_facts

BEGIN, END = 0x5A5A01, 0x5A5A02
"""File descriptors that can't be open; the plugin looks for calls that close them (instructions/plugin.c)."""


def run_marked(job: Job) -> CountResult:
    """Run the first image in marked regions: warm-up and counted inferences, then as many empty regions."""
    image = read_image(Path(job.inputs[0]))
    model = LoadedModel(Path(job.model).read_bytes(), job.threads, quantise=job.quantise)
    model.allocate(image)
    model.set_inputs(image)
    # The first runs include one-time work: XNNPACK's memory, Python's specialised bytecode.
    for run in (model.invoke, _nothing):
        for _ in range(job.limits.min_warm_up + job.limits.min_runs):
            _region(run)
    model.reset()
    model.invoke()
    Path(job.outputs).mkdir()
    np.savez(Path(job.outputs) / "0.npz", *model.outputs())
    return CountResult(runtime_facts(engine_class()[0]), model.coverage())


def _region(run: Callable[[], None]) -> None:
    _mark(BEGIN)
    run()
    _mark(END)


def _nothing() -> None:
    """The content of an empty region."""


def _mark(descriptor: int) -> None:
    with contextlib.suppress(OSError):
        os.close(descriptor)
