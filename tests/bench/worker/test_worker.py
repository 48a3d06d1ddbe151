"""The worker on this host: phases, limits, outputs, and how it says what went wrong."""

import sys
from pathlib import Path

import numpy as np
import pytest

from lwisp_bench.devices.base import Device
from lwisp_bench.devices.local import LocalTransport
from lwisp_bench.errors import MissingPythonError, MissingRuntimeError, WorkerError
from lwisp_bench.runners.python_worker import RunOptions, host_outputs, run_worker
from lwisp_bench.runners.worker_zip import worker_zip
from lwisp_bench.suite.setups import Setup
from lwisp_bench.suite.subjects import Subject, bundle_subject, file_subject
from lwisp_bench.worker.job import Limits
from lwisp_bench.worker.measure import enough, settled
from lwisp_mobile.bundle.bundle import shipped_bundle
from lwisp_mobile.engine.quantization import quantize
from lwisp_mobile.engine.session import Session
from tests.bench.other_models import add_model

BRIEF = Limits(min_runs=12, min_s=0, rule="both", min_warm_up=3, max_warm_up_s=0.5, trace_interval_s=0.01)


def other(tmp_path: Path, model: bytes) -> Subject:
    (tmp_path / "other.tflite").write_bytes(model)
    return file_subject(tmp_path / "other.tflite", {})


@pytest.fixture
def host():
    with Device(LocalTransport()) as device:
        yield device


def test_settled_looks_at_the_last_runs_only() -> None:
    assert not settled([10.0] * 4, Limits(1, 1, "both"))
    assert settled([90.0, 10.0, 10.0, 10.1, 10.0, 10.2], Limits(1, 1, "both"))
    assert not settled([10.0, 10.0, 10.0, 10.0, 12.0], Limits(1, 1, "both"))


@pytest.mark.parametrize(
    ("rule", "runs", "seconds", "ends"),
    [
        ("both", 100, 9, False),
        ("both", 99, 10, False),
        ("both", 100, 10, True),
        ("either", 100, 0, True),
        ("either", 1, 10, True),
        ("either", 0, 10, False),
        ("either", 99, 9, False),
    ],
)
def test_when_steady_runs_end(rule: str, runs: int, seconds: float, ends: bool) -> None:
    assert enough(runs, seconds, Limits(100, 10, rule)) is ends


def test_a_student_is_measured_and_gives_the_sessions_bits(host: Device) -> None:
    subject = bundle_subject("lwisp", "int8", 32, ())
    finished = run_worker(host, subject, Setup(limits=BRIEF), RunOptions())
    result = finished.result
    assert len(result.samples.wall_ms) == len(result.samples.start_s) == len(result.samples.input_ms) == 12
    assert list(result.samples.start_s) == sorted(result.samples.start_s)
    assert min(result.phases.allocate_ms, result.phases.first_ms, *result.samples.wall_ms) > 0
    assert len(result.phases.warm_up_ms) >= 3
    assert result.coverage is not None
    assert result.coverage.delegated_nodes == result.coverage.total_nodes > 100
    if sys.platform == "linux":
        assert result.memory.before_load_bytes is not None
        assert result.memory.peak_bytes > result.memory.before_load_bytes
    bundle = shipped_bundle()
    contract = bundle.model("int8").contract
    with Session(bundle.read("int8"), contract, threads=1) as session:
        rgb = session.run(subject.images[0].arrays[0][0])
    assert np.array_equal(finished.outputs[0][0][0], quantize(rgb, contract.output_tensor))


def test_every_image_is_run(host: Device, tmp_path: Path) -> None:
    one = other(tmp_path, add_model("int8", (1, 4)))
    images = tuple(type(one.images[0])(str(i), tuple(a + i for a in one.images[0].arrays)) for i in range(3))
    outputs = run_worker(host, Subject("x", one.model, None, None, images), Setup(limits=BRIEF), RunOptions()).outputs
    assert len(outputs) == 3
    assert not np.array_equal(outputs[0][0], outputs[2][0])


@pytest.mark.parametrize("dtype", ["float32", "int8", "uint8"])
def test_somebody_elses_model_needs_no_contract(host: Device, tmp_path: Path, dtype: str) -> None:
    subject = other(tmp_path, add_model(dtype, (1, 6, 5, 4)))
    finished = run_worker(host, subject, Setup(limits=BRIEF), RunOptions())
    assert finished.outputs[0][0].dtype == np.dtype(dtype)
    assert np.array_equal(finished.outputs[0][0], host_outputs(subject, subject.model)[0][0])
    if dtype == "float32":
        assert np.array_equal(finished.outputs[0][0], sum(subject.images[0].arrays))


def test_other_shapes_are_given_to_the_model(host: Device, tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(add_model("float32", (1, 4)))
    subject = file_subject(tmp_path / "m.tflite", {"a": (3, 4), "b": (3, 4)})
    outputs = run_worker(host, subject, Setup(limits=BRIEF), RunOptions()).outputs
    assert outputs[0][0].shape == (3, 4)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps a process on chosen CPUs")
def test_the_worker_stays_on_its_cpus(host: Device, tmp_path: Path) -> None:
    subject = other(tmp_path, add_model("int8", (1, 4)))
    finished = run_worker(host, subject, Setup(affinity="0", limits=BRIEF), RunOptions())
    assert finished.result.cpus == (0,)
    with pytest.raises(WorkerError, match=r"status 1 .*Invalid argument"):
        run_worker(host, subject, Setup(affinity="1000", limits=BRIEF), RunOptions())


def test_a_model_that_the_engine_refuses_is_named(host: Device, tmp_path: Path) -> None:
    # CONV_2D with the options and inputs of ADD.
    subject = other(tmp_path, add_model("int8", (1, 4), operator=3))
    with pytest.raises(WorkerError, match=r"doesn't run other\.tflite"):
        run_worker(host, subject, Setup(limits=BRIEF), RunOptions())


def test_a_missing_python_is_named(host: Device, tmp_path: Path) -> None:
    subject = other(tmp_path, add_model("int8", (1, 4)))
    with pytest.raises(MissingPythonError, match="no python9"):
        run_worker(host, subject, Setup(limits=BRIEF), RunOptions(python="python9"))


def test_a_python_without_the_engine_is_named(host: Device, tmp_path: Path) -> None:
    bare = tmp_path / "bare-python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n')
    bare.chmod(0o755)
    subject = other(tmp_path, add_model("int8", (1, 4)))
    with pytest.raises(MissingRuntimeError, match="No module named 'numpy'"):
        run_worker(host, subject, Setup(limits=BRIEF), RunOptions(python=str(bare)))


def test_nothing_is_left_on_the_device_but_blobs(host: Device, tmp_path: Path) -> None:
    run_worker(host, other(tmp_path, add_model("int8", (1, 4))), Setup(limits=BRIEF), RunOptions())
    folder = host.run(f"ls {Path(host.push(b'x')).parent.parent}").stdout.split()
    assert folder == ["blobs"]


def test_the_worker_is_small_and_always_the_same() -> None:
    first = worker_zip()
    worker_zip.cache_clear()
    assert worker_zip() == first
    assert len(first) < 300_000


def test_no_seconds_are_no_limit_in_time() -> None:
    limits = Limits(3, 0, "either")
    assert [enough(runs, 100.0, limits) for runs in range(4)] == [False, False, False, True]
