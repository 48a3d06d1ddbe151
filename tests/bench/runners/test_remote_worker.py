"""The worker on this host: phases, samples, outputs, and its failures by name."""

import sys
from pathlib import Path

import numpy as np
import pytest

from lwisp_bench.cases.inputs import Image
from lwisp_bench.cases.setup import Setup
from lwisp_bench.cases.subject import Subject, bundle_subject, file_subject
from lwisp_bench.devices.device import Device
from lwisp_bench.errors import MissingPythonError, MissingRuntimeError, WorkerError
from lwisp_bench.runners.remote_worker import WorkerOptions, WorkerRun, host_outputs, run_worker
from lwisp_mobile.bundle.bundle import shipped_bundle
from lwisp_mobile.engine.quantization import quantize
from lwisp_mobile.engine.session import Session
from tests.bench.local import BRIEF, write_subject
from tests.bench.small_models import add_model, stateful_model

SMALL = add_model("int8", (1, 4))


def run(host: Device, subject: Subject, python: str | None = None, affinity: str = "all") -> WorkerRun:
    return run_worker(host, subject, Setup(affinity=affinity, limits=BRIEF), WorkerOptions(python))


def test_a_student_is_measured_and_is_bit_equal_to_the_session(host: Device) -> None:
    subject = bundle_subject("lwisp", "int8", 32, ())
    done = run(host, subject)
    result = done.result
    assert len(result.samples.wall_ms) == len(result.samples.start_s) == len(result.samples.input_ms) == 12
    assert list(result.samples.start_s) == sorted(result.samples.start_s)
    assert min(result.phases.allocate_ms, result.phases.first_ms, *result.samples.wall_ms) > 0
    assert len(result.phases.warm_up_ms) >= 2
    assert result.coverage is not None
    assert result.coverage.delegated_nodes == result.coverage.total_nodes > 100
    if sys.platform == "linux":
        assert result.memory.before_load_bytes is not None
        assert result.memory.peak_bytes > result.memory.before_load_bytes
    bundle = shipped_bundle()
    contract = bundle.model("int8").contract
    with Session(bundle.read("int8"), contract, threads=1) as session:
        rgb = session.run(subject.images[0].arrays[0][0])
    assert np.array_equal(done.outputs[0][0][0], quantize(rgb, contract.output_tensor))


def test_every_image_is_run(host: Device, tmp_path: Path) -> None:
    one = write_subject(tmp_path, SMALL)
    images = tuple(Image(str(i), tuple(a + i for a in one.images[0].arrays)) for i in range(3))
    outputs = run(host, Subject("x", one.model, None, None, images)).outputs
    assert len(outputs) == 3
    assert not np.array_equal(outputs[0][0], outputs[2][0])


def test_a_stateful_model_s_outputs_do_not_depend_on_how_often_it_ran(host: Device, tmp_path: Path) -> None:
    subject = write_subject(tmp_path, stateful_model())
    assert np.array_equal(run(host, subject).outputs[0][0], host_outputs(subject, subject.model)[0][0])


@pytest.mark.parametrize("dtype", ["float32", "int8", "uint8"])
def test_a_third_party_model_needs_no_contract(host: Device, tmp_path: Path, dtype: str) -> None:
    subject = write_subject(tmp_path, add_model(dtype, (1, 6, 5, 4)))
    done = run(host, subject)
    assert done.outputs[0][0].dtype == np.dtype(dtype)
    assert np.array_equal(done.outputs[0][0], host_outputs(subject, subject.model)[0][0])
    if dtype == "float32":
        assert np.array_equal(done.outputs[0][0], sum(subject.images[0].arrays))


def test_the_model_takes_other_shapes(host: Device, tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(add_model("float32", (1, 4)))
    subject = file_subject(tmp_path / "m.tflite", {"a": (3, 4), "b": (3, 4)})
    outputs = run(host, subject).outputs
    assert outputs[0][0].shape == (3, 4)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux pins processes to CPUs")
def test_the_worker_is_pinned_to_its_cpus(host: Device, tmp_path: Path) -> None:
    subject = write_subject(tmp_path, SMALL)
    done = run(host, subject, affinity="0")
    assert done.result.cpus == (0,)
    with pytest.raises(WorkerError, match=r"can't run on CPUs 1000; it may run on 0"):
        run(host, subject, affinity="1000")


def test_a_model_that_the_engine_refuses_is_named(host: Device, tmp_path: Path) -> None:
    # CONV_2D with the options and inputs of ADD.
    subject = write_subject(tmp_path, add_model("int8", (1, 4), operator=3))
    with pytest.raises(WorkerError, match=r"doesn't run add\.tflite"):
        run(host, subject)


def test_a_missing_python_is_named(host: Device, tmp_path: Path) -> None:
    subject = write_subject(tmp_path, SMALL)
    with pytest.raises(MissingPythonError, match="no python9"):
        run(host, subject, "python9")


def test_a_python_without_the_engine_is_named(host: Device, tmp_path: Path) -> None:
    bare = tmp_path / "bare-python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n')
    bare.chmod(0o755)
    subject = write_subject(tmp_path, SMALL)
    with pytest.raises(MissingRuntimeError, match="No module named 'numpy'"):
        run(host, subject, str(bare))


def test_only_pushed_files_stay_on_the_device(host: Device, tmp_path: Path) -> None:
    run(host, write_subject(tmp_path, SMALL))
    folder = host.run(f"ls {Path(host.push(b'x')).parent.parent}").stdout.split()
    assert folder == ["blobs"]
