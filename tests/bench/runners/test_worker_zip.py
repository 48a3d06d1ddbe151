"""The worker as one file: small, reproducible, and complete."""

import sys
from importlib.metadata import distribution
from pathlib import Path

from lwisp_bench.cases.setup import Setup
from lwisp_bench.cases.subject import bundle_subject
from lwisp_bench.devices.device import Device
from lwisp_bench.runners.remote_worker import WorkerOptions, run_worker
from lwisp_bench.runners.worker_zip import worker_zip
from tests.bench.local import BRIEF

NEEDED = ("numpy", "ai-edge-litert", "flatbuffers")
"""numpy and LiteRT, which itself needs flatbuffers."""


def test_the_zip_is_small_and_reproducible() -> None:
    first = worker_zip()
    worker_zip.cache_clear()
    assert worker_zip() == first
    assert len(first) < 400_000


def bare_python(folder: Path) -> Path:
    """A Python that finds numpy and LiteRT, and nothing else that is installed here."""
    site = folder / "site"
    site.mkdir()
    for name in NEEDED:
        installed = distribution(name)
        for top in {file.parts[0] for file in installed.files or () if file.parts[0] not in ("..", "__pycache__")}:
            (site / top).symlink_to(installed.locate_file(top))
    program = folder / "bare-python"
    program.write_text(f'#!/bin/sh\nexec env -i PYTHONPATH={site} {sys.executable} -S "$@"\n')
    program.chmod(0o755)
    return program


def test_the_worker_runs_from_the_zip_with_only_numpy_and_litert(host: Device, tmp_path: Path) -> None:
    python = str(bare_python(tmp_path))
    probe = host.run(f"{python} -P -c 'import numpy, ai_edge_litert.interpreter; import lwisp_mobile'")
    assert "No module named 'lwisp_mobile'" in probe.stderr, "the project itself must not be there"
    run = run_worker(host, bundle_subject("lwisp", "int8", 32, ()), Setup(limits=BRIEF), WorkerOptions(python))
    assert len(run.result.samples.wall_ms) == 12
    assert run.result.coverage is not None, run.result.coverage_error
    assert len(run.outputs) == 1
