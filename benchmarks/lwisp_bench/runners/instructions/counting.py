"""Counting one model for one CPU: the worker under the counting emulator, and a record of what it retired."""

import json
import subprocess
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from lwisp_bench.devices.description import DeviceDescription, read_description
from lwisp_bench.devices.transport import last_line
from lwisp_bench.errors import CounterError
from lwisp_bench.results.instruction_cost import InstructionCost, InstructionCounts, middle
from lwisp_bench.results.output_check import check_outputs, read_outputs
from lwisp_bench.results.record import Failure, Record, case_id, subject_facts
from lwisp_bench.runners.instructions.cpus import CpuFiles, check_cpu, lay_out_prefix
from lwisp_bench.runners.instructions.emulator import Emulator, find_emulator
from lwisp_bench.runners.python_worker import host_outputs
from lwisp_bench.runners.worker_zip import worker_zip
from lwisp_bench.suite.setups import Setup
from lwisp_bench.suite.subjects import Subject
from lwisp_bench.virtual.kit import ROOT, SITE, find_kit
from lwisp_bench.worker.job import COUNTED, CountResult, Job, Limits, Order
from lwisp_mobile.errors import LwispError
from lwisp_mobile.serialize.from_dict import from_dict
from lwisp_mobile.serialize.json_text import to_json

TIMEOUT_S = 3600.0
SETUP = Setup(limits=COUNTED)
MANY_WARM_UPS = 12
"""After about ten calls Python's own code is specialised and costs the same every time."""
STEADY = 0.001
"""Spread above which a model is so small that Python's part shows: it is counted again with MANY_WARM_UPS."""


@dataclass(frozen=True)
class Counter:
    """What counting needs: an arm64 userland with LiteRT, and the emulator."""

    kit: Path
    emulator: Emulator


def open_counter() -> Counter:
    """Find or build both. Raises CounterError or VirtualDeviceError if this machine can't."""
    return Counter(find_kit(), find_emulator())


def describe_cpu(cpu: str, counter: Counter) -> DeviceDescription:
    """The emulated CPU as records name it. Raises UsageError if there is no such CPU."""
    check_cpu(cpu)
    with tempfile.TemporaryDirectory(prefix="lwisp-count-") as folder:
        found = lay_out_prefix(cpu, counter.kit, Path(folder) / "prefix")
    facts = f"machine=aarch64\nsystem=Linux\nmodel={cpu}\ninterpreter=qemu-aarch64\nfeatures={' '.join(found.features)}"
    return read_description(f"insn:{cpu}", facts)


def count(subject: Subject, cpu: str, counter: Counter) -> Record:
    """Count one inference of a subject's first image. A failure is a record, too; KeyboardInterrupt passes."""
    description = describe_cpu(cpu, counter)
    begin, started = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    cost, failure = None, None
    try:
        cost = count_instructions(subject, cpu, counter)
    except LwispError as error:
        failure = Failure(type(error).__name__, str(error))
    return Record(
        case_id=case_id(subject, SETUP, description),
        subject=subject_facts(subject),
        device=description,
        setup=SETUP,
        clock="insn",
        device_kind="emulated",
        status="failed" if cost is None else "measured",
        started=started,
        took_s=time.monotonic() - begin,
        gate=None,
        failure=failure,
        measurement=None,
        cost=cost,
    )


def count_instructions(subject: Subject, cpu: str, counter: Counter) -> InstructionCost:
    """Run the worker under the emulator on one thread and read what the plugin counted: three inferences in a row.

    Raises CounterError if the emulated program fails, UsageError if there is no such CPU.
    """
    check_cpu(cpu)
    cost = _count(subject, cpu, counter, COUNTED)
    return cost if cost.spread <= STEADY else _count(subject, cpu, counter, replace(COUNTED, min_warm_up=MANY_WARM_UPS))


def _count(subject: Subject, cpu: str, counter: Counter, limits: Limits) -> InstructionCost:
    with tempfile.TemporaryDirectory(prefix="lwisp-count-") as temporary:
        folder = Path(temporary)
        files = lay_out_prefix(cpu, counter.kit, folder / "prefix")
        _write_job(subject, limits, folder)
        _run(subject, files, counter, folder)
        result = from_dict(CountResult, json.loads((folder / "result.json").read_text()), "result.json", CounterError)
        inferences, empty = _read_regions(folder / "counts.jsonl", limits)
        outputs = read_outputs((folder / "outputs/0.npz").read_bytes())
    (host,) = host_outputs(
        Subject(subject.name, subject.model, subject.contract, None, subject.images[:1]), subject.model
    )
    counts, overhead = middle(inferences).less(middle(empty)), middle(empty).total
    totals = tuple(one.total for one in inferences)
    return InstructionCost(
        unit="retired arm64 instructions",
        cpu=cpu,
        emulator=counter.emulator.version,
        qemu_cpu=files.qemu_cpu,
        runtime=result.runtime,
        counts=counts,
        inferences=totals,
        overhead=overhead,
        spread=(max(totals) - min(totals)) / max(1, counts.total),
        coverage=result.coverage,
        checks=check_outputs(subject.images[0].name, outputs, host),
    )


def _write_job(subject: Subject, limits: Limits, folder: Path) -> None:
    (folder / "worker.zip").write_bytes(worker_zip())
    (folder / "model.tflite").write_bytes(subject.model)
    (folder / "input.npz").write_bytes(subject.images[0].npz())
    job = Job(
        model=str(folder / "model.tflite"),
        inputs=(str(folder / "input.npz"),),
        outputs=str(folder / "outputs"),
        threads=1,
        cpus=None,
        quantise=subject.contract is not None,
        coverage=True,
        limits=limits,
    )
    (folder / "job.json").write_text(to_json(Order("count", job=job)))


def _run(subject: Subject, files: CpuFiles, counter: Counter, folder: Path) -> None:
    root = counter.kit / ROOT
    python = next((root / "usr/bin").glob("python3.*"))
    program = [str(python), "-B", str(folder / "worker.zip"), str(folder / "job.json"), str(folder / "result.json")]
    command = counter.emulator.command(files.qemu_cpu, folder / "prefix", folder / "counts.jsonl", program)
    # A fixed seed: the order of sets, and with it Python's path, is the same in every process.
    variables = {"PYTHONHOME": str(root / "usr"), "PYTHONPATH": str(root / SITE), "PYTHONHASHSEED": "0"}
    environment = counter.emulator.environment(variables)
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, env=environment, check=False)
    except subprocess.TimeoutExpired as error:
        raise CounterError(
            f"{subject.name} took over {TIMEOUT_S:.0f} s under emulation; give a smaller --size."
        ) from error
    if done.returncode != 0:
        raise CounterError(
            f"The emulated LiteRT doesn't run {subject.name} on {files.name} (status {done.returncode}, "
            f"{last_line(done.stderr)}). Check model and shapes."
        )


def _read_regions(path: Path, limits: Limits) -> tuple[list[InstructionCounts], list[InstructionCounts]]:
    """The counted inferences and the counted empty regions; the warm ones before each are left out."""
    lines = path.read_text().splitlines()
    half = limits.min_warm_up + limits.min_runs
    if len(lines) != 2 * half:
        raise CounterError(f"The plugin counted {len(lines)} regions instead of {2 * half}. Is the worker another's?")
    regions = [from_dict(InstructionCounts, json.loads(line), "counts", CounterError) for line in lines]
    return regions[limits.min_warm_up : half], regions[half + limits.min_warm_up :]
