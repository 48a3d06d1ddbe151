"""The table's rows from answers of stand-in backends; the programs' seam with a real program."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lwisp_export.verification.backends.answer import Answer
from lwisp_export.verification.backends.process import answered, call_program
from lwisp_export.verification.backends.registry import BACKENDS, Backend, choose_backends
from lwisp_export.verification.backends.subject import Subject, isolate_signature, subjects_of
from lwisp_export.verification.backends.table import lines, verify_backends
from lwisp_export.verification.report.backends_page import write_backends_report
from lwisp_mobile import shipped_bundle
from lwisp_mobile.errors import UsageError
from lwisp_mobile.tflite.graph import Graph
from tests.faulty_graphs import custom_operator, dcr_shuffle

LITE = shipped_bundle("lwisp-lite").folder


@pytest.fixture(scope="module")
def lite() -> tuple[Subject, ...]:
    return subjects_of(LITE, None)


def backend(run: Callable[[Subject], Answer]) -> Backend:
    return Backend("stand-in", "A stand-in", lambda subject, _: run(subject))


def test_a_bundles_models_are_compared_with_its_float_model(lite: tuple[Subject, ...]) -> None:
    in_float, int8 = lite
    assert (in_float.precision, int8.precision) == ("fp16", "int8")
    assert in_float.on_cpu is not None
    assert int8.on_cpu is not None
    assert int8.in_float is in_float.in_float
    assert int8.inputs["packed"].dtype == np.int8
    assert (int8.operators, int8.all_operators) == (112, 351)


def test_equal_outputs_and_shifted_ones(lite: tuple[Subject, ...]) -> None:
    def shifted(subject: Subject) -> Answer:
        assert subject.on_cpu is not None
        outputs = {"rgb": subject.on_cpu["rgb"].copy()}
        if subject.precision == "int8":
            outputs["rgb"][0, 0, 0, 0] += 2
        return Answer("accepted", taken=112, operators=112, partitions=1, kind="emulator", outputs=outputs)

    in_float, int8 = verify_backends(LITE, None, [backend(shifted)], lambda _: None).rows
    assert in_float.from_cpu is not None
    assert in_float.from_float is not None
    assert (in_float.from_cpu.psnr_db, in_float.from_float.largest_codes) == (None, 0)
    assert int8.from_cpu is not None
    assert int8.from_float is not None
    assert int8.from_cpu.largest_codes == pytest.approx(2 * 255 / 256)
    assert 40 < (int8.from_float.psnr_db or 0) < 60
    assert not int8.failed


def test_no_number_is_a_refusal() -> None:
    def broken(subject: Subject) -> Answer:
        return Answer("accepted", outputs={"rgb": np.full_like(subject.in_float["rgb"], np.nan)})  # type: ignore[index]

    row = verify_backends(LITE, None, [backend(broken)], lambda _: None).rows[0]
    assert (row.verdict, row.failed) == ("refused", True)
    assert "NaN or infinity" in row.detail


def test_what_is_absent_has_a_row_that_says_how_to_get_it(tmp_path: Path) -> None:
    model = tmp_path / "a.tflite"
    model.write_bytes(dcr_shuffle())
    report = verify_backends(model, None, [backend(lambda _: Answer("absent", "get it: so"))], lambda _: None)
    assert not report.rows[0].failed
    assert any("A stand-in: get it: so" in line for line in lines(report))
    page = write_backends_report(report, "a", tmp_path).read_text()
    assert "get it: so" in page
    assert (tmp_path / "backends_report.json").exists()


def test_anyones_file_needs_no_signature(tmp_path: Path) -> None:
    graph = Graph.parse(dcr_shuffle())
    graph.model.signatureDefs = []
    (tmp_path / "a.tflite").write_bytes(graph.pack())
    (subject,) = subjects_of(tmp_path / "a.tflite", None)
    assert (subject.precision, subject.in_float, subject.operators) == ("float32", None, 2)
    assert subject.on_cpu is not None
    assert subject.on_cpu["y"].shape == (1, 16, 16, 3)


def test_a_model_that_the_runtime_refuses_is_a_subject_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.tflite").write_bytes(custom_operator())
    (subject,) = subjects_of(tmp_path / "a.tflite", None)
    assert subject.on_cpu is None
    (row,) = verify_backends(tmp_path / "a.tflite", None, choose_backends(["xnnpack"]), lambda _: None).rows
    assert row.failed


def test_a_signature_by_itself_gives_the_same_bits(lite: tuple[Subject, ...]) -> None:
    alone = Graph.parse(isolate_signature(lite[1].model, "develop"))
    assert [signature.name for signature in alone.signatures] == ["develop"]
    assert len(alone.subgraphs) == 1
    assert len(alone.pack()) < len(lite[1].model)


def test_backends_are_chosen_by_name() -> None:
    assert choose_backends([]) == BACKENDS
    assert [found.name for found in choose_backends(["gpu", "xnnpack"])] == ["gpu", "xnnpack"]
    with pytest.raises(UsageError, match="No backend 'tpu'; there are: xnnpack"):
        choose_backends(["tpu"])
    assert {"browser-wasm", "browser-webgpu", "xnnpack-arm64"} <= {found.name for found in BACKENDS}


PROGRAM = """
import json, pathlib, sys
folder = pathlib.Path(sys.argv[1])
job = json.loads((folder / "job.json").read_text())
assert (folder / job["model"]).read_bytes()[4:8] == b"TFL3"
given = (folder / job["inputs"][0]["file"]).read_bytes()
print("INFO: chatter")
if len(given) != 4 * 8 * 8 * 12: sys.exit("a crash")
shape = job["outputs"][0]["shape"]
(folder / job["outputs"][0]["file"]).write_bytes(bytes(4 * shape[0] * shape[1] * shape[2] * shape[3]))
(folder / "answer.json").write_text(json.dumps({"taken": 2, "operators": 2, "device": "a browser"}))
"""


def test_another_packages_program_is_called_with_a_job(tmp_path: Path) -> None:
    (tmp_path / "a.tflite").write_bytes(dcr_shuffle())
    (subject,) = subjects_of(tmp_path / "a.tflite", None)
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    command = [sys.executable, str(program)]
    found = answered(call_program(command, subject, subject.single, "software device"))
    assert (found.verdict, found.taken, found.device, found.kind) == ("accepted", 2, "a browser", "software device")
    assert found.outputs is not None
    assert found.outputs["y"].shape == (1, 16, 16, 3)
    short = replace(subject, inputs={"x": subject.inputs["x"][:, :4]})
    crashed = answered(call_program(command, short, short.single, "hardware"))
    assert crashed.verdict == "refused"
    assert crashed.detail.endswith("without an answer: a crash")
