"""Counting instructions: exact for a known program, steady for a model, the right kernels per CPU."""

import json
import subprocess
from pathlib import Path

import jsonschema
import pytest

from lwisp_bench.cases.subject import Subject, bundle_subject
from lwisp_bench.errors import CounterError
from lwisp_bench.results.instruction_comparison import TOLERANCE
from lwisp_bench.results.instruction_cost import InstructionCost, InstructionCounts
from lwisp_bench.results.record import Record
from lwisp_bench.results.results_file import Results, read_results, write_results
from lwisp_bench.results.schema import results_schema
from lwisp_bench.results.terminal import record_lines
from lwisp_bench.runners.instructions.counting import COUNTING_SETUP, CounterKit, InstructionRunner
from lwisp_bench.suite.execution import measure_case
from lwisp_mobile.bundle.bundle import shipped_bundle
from lwisp_mobile.cli.main import main
from lwisp_mobile.contract import Precision
from lwisp_mobile.inspect.model_facts import inspect_tflite
from tests.bench.local import write_subject
from tests.bench.runners.instructions.marked_program import marked_program
from tests.bench.small_models import add_model

SIDE_PX = 32


@pytest.fixture(scope="session")
def count_a76(counter: CounterKit) -> Record:
    """The INT8 student on a CPU with dot products."""
    return measure_case(InstructionRunner("cortex-a76", counter), student(), COUNTING_SETUP)


def student(precision: Precision = "int8") -> Subject:
    return bundle_subject("lwisp", precision, SIDE_PX, ())


def cost_on(cpu: str, counter: CounterKit, subject: Subject) -> InstructionCost:
    return InstructionRunner(cpu, counter).measure(subject, COUNTING_SETUP)


def cost_of(record: Record) -> InstructionCost:
    assert record.failure is None, record.failure
    assert record.cost is not None
    return record.cost


def graph_macs(precision: Precision) -> float:
    """Of the graph as it runs: INT8's duplicated channels included."""
    facts = inspect_tflite(shipped_bundle().read(precision))
    return facts.macs / facts.inputs[0].shape[1] ** 2 * SIDE_PX**2


CLASSES = {
    0x4E829420: "dot",  # sdot v0.4s, v1.16b, v2.16b
    0x6E829420: "dot",  # udot v0.4s, v1.16b, v2.16b
    0x4F82E020: "dot",  # sdot v0.4s, v1.16b, v2.4b[0]
    0x4E82A420: "mmla",  # smmla v0.4s, v1.16b, v2.16b
    0x0E228020: "mlal",  # smlal v0.8h, v1.8b, v2.8b
    0x0F422020: "mlal",  # smlal v0.4s, v1.4h, v2.h[0]
    0x0E22C020: "mlal",  # smull v0.8h, v1.8b, v2.8b
    0x4E22CC20: "fmla",  # fmla v0.4s, v1.4s, v2.4s
    0x4F821020: "fmla",  # fmla v0.4s, v1.4s, v2.s[0]
    0x1F020C20: "fmla",  # fmadd s0, s1, s2, s3
    0x4E22D420: "simd",  # fadd v0.4s, v1.4s, v2.4s
    0x4EA28420: "simd",  # add v0.4s, v1.4s, v2.4s
    0x04A20020: "sve",  # add z0.s, z1.s, z2.s
    0x3DC003E0: "simd_memory",  # ldr q0, [sp]
    0xF94003E0: "memory",  # ldr x0, [sp]
    0x14000001: "branch",  # b to the next instruction
    0x91000400: "integer",  # add x0, x0, #1
}


def test_every_instruction_is_counted_in_its_class(counter: CounterKit, tmp_path: Path) -> None:
    words = [word for place, word in enumerate(CLASSES) for _ in range(place + 1)]
    expected = dict.fromkeys(InstructionCounts.__dataclass_fields__, 0)
    for place, name in enumerate(CLASSES.values()):
        expected[name] += place + 1
    expected["integer"] += 3  # of the second mark
    expected["branch"] += 1
    expected["total"] = len(words) + 4
    program = tmp_path / "program"
    program.write_bytes(marked_program(words))
    program.chmod(0o755)
    command = counter.emulator.command("max", tmp_path, tmp_path / "counts", [str(program)])
    subprocess.run(command, check=True, env=counter.emulator.environment({}))
    assert json.loads((tmp_path / "counts").read_text()) == expected


def test_the_student_runs_on_dot_products_bit_equal_to_this_host(count_a76: Record) -> None:
    cost = cost_of(count_a76)
    assert (count_a76.clock, count_a76.device_kind, count_a76.status, count_a76.measurement) == (
        "insn",
        "emulated",
        "measured",
        None,
    )
    # One SDOT is 16 multiply-adds; some lanes are padding.
    assert 1 <= 16 * cost.counts.dot / graph_macs("int8") < 1.3
    assert (cost.counts.mmla, cost.counts.sve) == (0, 0)
    assert cost.coverage.undelegated == ()
    assert [check.bit_equal for check in cost.checks] == [True]
    assert cost.spread < TOLERANCE / 10
    assert len(set(cost.inferences)) > 1 or cost.spread == 0


@pytest.mark.slow
def test_another_process_counts_the_same(counter: CounterKit, count_a76: Record) -> None:
    again = cost_on("cortex-a76", counter, student())
    assert again.counts.dot == cost_of(count_a76).counts.dot
    assert again.counts.total == pytest.approx(cost_of(count_a76).counts.total, rel=TOLERANCE / 20)


@pytest.mark.slow
def test_each_cpu_gets_its_kernels(counter: CounterKit, count_a76: Record) -> None:
    a53, n2 = (cost_on(cpu, counter, student()) for cpu in ("cortex-a53", "neoverse-n2"))
    assert a53.counts.dot == a53.counts.mmla == 0
    assert 1 <= 4 * a53.counts.mlal / graph_macs("int8") < 8
    assert 1 <= 32 * n2.counts.mmla / graph_macs("int8") < 1.3
    assert a53.counts.total > 3 * cost_of(count_a76).counts.total > 3 * n2.counts.total
    assert all(check.bit_equal for cost in (a53, n2) for check in cost.checks)


@pytest.mark.slow
def test_float_runs_on_fused_multiply_adds(counter: CounterKit, count_a76: Record) -> None:
    cost = cost_on("cortex-a76", counter, student("fp16"))
    assert 1 <= 4 * cost.counts.fmla / graph_macs("fp16") < 1.4
    assert cost.counts.total > 2 * cost_of(count_a76).counts.total


def test_a_count_survives_the_file_and_its_schema(count_a76: Record, tmp_path: Path) -> None:
    write_results(Results().with_record(count_a76), tmp_path / "r.json")
    assert read_results(tmp_path / "r.json").records == (count_a76,)
    jsonschema.validate(json.loads((tmp_path / "r.json").read_text()), results_schema())
    lines = "\n".join(record_lines(count_a76, False))
    assert "retired arm64 instructions per inference on cortex-a76 (emulated; not a latency)" in lines
    assert " ms" not in lines


def test_a_refused_model_is_a_failed_record(counter: CounterKit, tmp_path: Path) -> None:
    bad = write_subject(tmp_path, add_model("int8", (1, 4), operator=3))
    record = measure_case(InstructionRunner("cortex-a76", counter), bad, COUNTING_SETUP)
    assert record.status == "failed"
    assert record.failure is not None
    assert record.failure.kind == CounterError.__name__


@pytest.mark.slow
def test_the_command(counter: CounterKit, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tmp_path / "add.tflite"
    model.write_bytes(add_model("int8", (1, 32, 32, 4)))
    output = tmp_path / "r.json"
    command = ["bench", "run", str(model), "-o", str(output), "--clock", "insn", "--cpu", "cortex-a76"]
    assert main(command) == 0
    assert main(command) == 0
    assert "measured before" in capsys.readouterr().out
    assert main(["bench", "compare", str(output), str(output)]) == 0
    assert "equal: " in capsys.readouterr().out
