"""The runner of the clock `insn`: the worker under the counting emulator, for one emulated CPU."""

import json
import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from lwisp_bench.cases.setup import Setup
from lwisp_bench.cases.subject import Subject
from lwisp_bench.devices.description import DeviceDescription, read_description
from lwisp_bench.devices.gate import GateResult
from lwisp_bench.devices.transport import last_line
from lwisp_bench.errors import CounterError
from lwisp_bench.results.instruction_cost import InstructionCost, InstructionCounts, median_counts
from lwisp_bench.results.output_check import check_outputs, read_outputs
from lwisp_bench.results.record import Clock
from lwisp_bench.runners.instructions.cpus import CpuFiles, lay_out_prefix
from lwisp_bench.runners.instructions.emulator import Emulator, find_emulator
from lwisp_bench.runners.remote_worker import host_outputs
from lwisp_bench.runners.worker_zip import worker_zip
from lwisp_bench.virtual.kit import ROOT, SITE, find_kit
from lwisp_bench.worker.job import COUNTED, CountResult, Job, Limits, Request
from lwisp_mobile.serialize.from_dict import from_dict
from lwisp_mobile.serialize.json_text import to_json

TIMEOUT_S = 3600.0
COUNTING_SETUP = Setup(limits=COUNTED)
LONG_WARM_UP = 12
"""After about ten calls Python's own code is specialised and costs the same every time."""
STEADY_SPREAD = 0.001
"""A larger spread means a model so small that Python's share shows: it is counted again after LONG_WARM_UP runs."""


@dataclass(frozen=True)
class CounterKit:
    """What counting needs: an arm64 userland with LiteRT, and the emulator."""

    userland: Path
    emulator: Emulator


def find_counter_kit() -> CounterKit:
    """Find or build both. Raises CounterError or VirtualDeviceError if this machine can't."""
    return CounterKit(find_kit(), find_emulator())


@dataclass(frozen=True)
class InstructionRunner:
    """Counts the instructions that one inference retires on one emulated CPU."""

    cpu: str
    kit: CounterKit
    clock: Clock = "insn"

    def describe(self) -> DeviceDescription:
        """Describe the emulated CPU. Raises UsageError if there is no such CPU."""
        with tempfile.TemporaryDirectory(prefix="lwisp-count-") as folder:
            found = lay_out_prefix(self.cpu, self.kit.userland, Path(folder) / "prefix")
        facts = f"machine=aarch64\nsystem=Linux\nmodel={self.cpu}\ninterpreter=qemu-aarch64"
        return read_description(f"insn:{self.cpu}", f"{facts}\nfeatures={' '.join(found.features)}")

    def pass_gate(self) -> GateResult | None:
        """Return None: counts don't depend on the machine's state."""
        return None

    def measure(self, subject: Subject, setup: Setup) -> InstructionCost:
        """Count one inference of a subject's first image: run the worker on one thread, read what the plugin counted.

        Raises CounterError if the emulated program fails, UsageError if there is no such CPU.
        """
        cost = self._count(subject, setup.limits)
        if cost.spread <= STEADY_SPREAD:
            return cost
        return self._count(subject, replace(setup.limits, min_warm_up=LONG_WARM_UP))

    def _count(self, subject: Subject, limits: Limits) -> InstructionCost:
        with tempfile.TemporaryDirectory(prefix="lwisp-count-") as temporary:
            folder = Path(temporary)
            cpu = lay_out_prefix(self.cpu, self.kit.userland, folder / "prefix")
            _write_request(subject, limits, folder)
            _run(subject, cpu, self.kit, folder)
            result = from_dict(
                CountResult, json.loads((folder / "result.json").read_text()), "result.json", CounterError
            )
            inferences, empty = _read_regions(folder / "counts.jsonl", limits)
            outputs = read_outputs((folder / "outputs/0.npz").read_bytes())
        (host,) = host_outputs(replace(subject, images=subject.images[:1]), subject.model)
        overhead = median_counts(empty)
        counts = median_counts(inferences).minus(overhead)
        totals = tuple(one.total for one in inferences)
        return InstructionCost(
            unit="retired arm64 instructions",
            cpu=self.cpu,
            emulator=self.kit.emulator.version,
            qemu_cpu=cpu.qemu_cpu,
            runtime=result.runtime,
            counts=counts,
            inferences=totals,
            overhead=overhead.total,
            spread=(max(totals) - min(totals)) / max(1, counts.total),
            coverage=result.coverage,
            checks=check_outputs(subject.images[0].name, outputs, host),
        )


def _write_request(subject: Subject, limits: Limits, folder: Path) -> None:
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
    (folder / "request.json").write_text(to_json(Request(count=job)))


def _run(subject: Subject, cpu: CpuFiles, kit: CounterKit, folder: Path) -> None:
    root = kit.userland / ROOT
    python = next((root / "usr/bin").glob("python3.*"))
    files = [str(folder / name) for name in ("worker.zip", "request.json", "result.json")]
    program = [str(python), "-B", *files]
    command = kit.emulator.command(cpu.qemu_cpu, folder / "prefix", folder / "counts.jsonl", program)
    # A fixed seed: the order of sets, and with it Python's path, is the same in every process.
    variables = {"PYTHONHOME": str(root / "usr"), "PYTHONPATH": str(root / SITE), "PYTHONHASHSEED": "0"}
    environment = kit.emulator.environment(variables)
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, env=environment, check=False)
    except subprocess.TimeoutExpired as error:
        raise CounterError(
            f"{subject.name} took over {TIMEOUT_S:.0f} s under emulation; give a smaller --size."
        ) from error
    if done.returncode != 0:
        raise CounterError(
            f"The emulated LiteRT doesn't run {subject.name} on {cpu.name} (status {done.returncode}, "
            f"{last_line(done.stderr)}). Check model and shapes."
        )


def _read_regions(path: Path, limits: Limits) -> tuple[list[InstructionCounts], list[InstructionCounts]]:
    """The counted inferences and the counted empty regions, without the warm-up before each."""
    lines = path.read_text().splitlines()
    half = limits.min_warm_up + limits.min_runs
    if len(lines) != 2 * half:
        raise CounterError(f"The plugin counted {len(lines)} regions instead of {2 * half}. Is the worker another's?")
    regions = [from_dict(InstructionCounts, json.loads(line), "counts", CounterError) for line in lines]
    return regions[limits.min_warm_up : half], regions[half + limits.min_warm_up :]
