"""One inference between marks that the counting emulator sees; nothing here is timed."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from lwisp_bench.worker.engine import Engine, engine_class, runtime_facts
from lwisp_bench.worker.job import CountResult, Job
from lwisp_bench.worker.measure import read_image

BEGIN, END = 0x5A5A01, 0x5A5A02
"""File descriptors that can't be open; closing them is what the plugin looks for (instructions/plugin.c)."""


def count(job: Job) -> CountResult:
    """Run the first image in marked regions: warm and counted inferences, then as many empty regions."""
    image = read_image(Path(job.inputs[0]))
    engine = Engine(Path(job.model).read_bytes(), job.threads, quantise=job.quantise)
    engine.allocate(image)
    engine.set_inputs(image)
    # The first runs bring what is prepared once: XNNPACK's memory, Python's specialised bytecode.
    for run in (engine.invoke, _nothing):
        for _ in range(job.limits.min_warm_up + job.limits.min_runs):
            _region(run)
    Path(job.outputs).mkdir()
    np.savez(Path(job.outputs) / "0.npz", *engine.outputs())
    return CountResult(runtime_facts(engine_class()[0]), engine.coverage())


def _region(run: Callable[[], None]) -> None:
    _mark(BEGIN)
    run()
    _mark(END)


def _nothing() -> None:
    """An empty region's content."""


def _mark(descriptor: int) -> None:
    with contextlib.suppress(OSError):
        os.close(descriptor)
