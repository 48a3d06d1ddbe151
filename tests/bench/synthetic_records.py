"""Conditions, worker results and records of a healthy device, for tests to change."""

from dataclasses import replace
from typing import Any

from lwisp_bench.cases.setup import Setup
from lwisp_bench.devices.conditions import Battery, Conditions, CpuClock, ThermalZone
from lwisp_bench.devices.description import read_description
from lwisp_bench.results.instruction_cost import InstructionCost, InstructionCounts
from lwisp_bench.results.record import InputFacts, Measurement, Record, SubjectFacts
from lwisp_bench.results.summary import judge_stability, summarise
from lwisp_bench.worker.job import MemoryUse, Phases, RuntimeFacts, Samples, TracePoint, WorkerResult
from lwisp_mobile.engine.coverage import Coverage

MAX_KHZ = 2_400_000
BOARD = read_description("ssh:board", "machine=aarch64\nsystem=Linux\nkernel=6.1\nidentity=1\n")
SUBJECT = SubjectFacts("m.tflite", "0" * 64, 1, None, None, None, (InputFacts("int8", (1, 4)),), ("random",))
RUNTIME = RuntimeFacts("ai-edge-litert", "2.3.0", "3.11.2", "2.4.6", "XNNPACK")

COOL = Conditions(
    zones=(ThermalZone("cpu-thermal", 55.0), ThermalZone("skin-therm", 31.0)),
    clocks=(CpuClock(0, "schedutil", 600_000, MAX_KHZ, MAX_KHZ),),
    battery=Battery(30.0, 80, "Discharging"),
    thermal_status=0,
    load_1_min=0.1,
    available_bytes=1 << 30,
)


def worker_result(wall_ms: list[float], clocks_khz: list[int] | None = None, caps_khz: list[int] | None = None):
    """A settled measurement with these consecutive samples, and these readings between them."""
    starts = [sum(wall_ms[:i]) / 1e3 for i in range(len(wall_ms))]
    flat = (0.0,) * len(wall_ms)
    clocks = clocks_khz or [MAX_KHZ] * 8
    caps = caps_khz or [MAX_KHZ] * len(clocks)
    return WorkerResult(
        runtime=RUNTIME,
        phases=Phases(1.0, 2.0, None, 3.0, (1.0,) * 5, True),
        samples=Samples(tuple(wall_ms), flat, flat, tuple(starts)),
        memory=MemoryUse(1, 2, None),
        trace=tuple(TracePoint(float(i), (c,), (cap,), (50.0,)) for i, (c, cap) in enumerate(zip(clocks, caps))),
        cpus=(0,),
        coverage=None,
        coverage_error=None,
        profile=None,
        profile_error="no profiler",
    )


def unsettled(result: WorkerResult) -> WorkerResult:
    """The same, with a warm-up that didn't settle."""
    return replace(result, phases=replace(result.phases, settled=False))


def timed_record(wall_ms: list[float], **changes: Any) -> Record:
    """A record of the clock wall with these samples."""
    worker = worker_result(wall_ms)
    measurement = Measurement(
        worker=worker,
        before=COOL,
        after=COOL,
        summary=summarise(wall_ms),
        minutes=(),
        throttle_ratio=None,
        verdict=judge_stability(worker, COOL, COOL, ()),
        checks=(),
        checks_error=None,
        drifts=(),
    )
    return replace(_RECORD, **{"measurement": measurement, **changes})


def counted_record(counts: InstructionCounts) -> Record:
    """A record of the clock insn with these counts."""
    cost = InstructionCost(
        unit="retired arm64 instructions",
        cpu="cortex-a76",
        emulator="qemu-user 7.2, plugin 0",
        qemu_cpu="cortex-a76",
        runtime=RUNTIME,
        counts=counts,
        inferences=(counts.total,) * 3,
        overhead=0,
        spread=0.0,
        coverage=Coverage(1, 1, 1, ()),
        checks=(),
    )
    device = read_description("insn:cortex-a76", "machine=aarch64\nsystem=Linux\ninterpreter=qemu-aarch64")
    return replace(_RECORD, device=device, clock="insn", device_kind="emulated", cost=cost)


_RECORD = Record(
    case_id="1",
    subject=SUBJECT,
    device=BOARD,
    setup=Setup(),
    clock="wall",
    device_kind="physical",
    status="measured",
    started="2026-01-01T00:00:00+00:00",
    took_s=1.0,
    gate=None,
    failure=None,
    measurement=None,
)
