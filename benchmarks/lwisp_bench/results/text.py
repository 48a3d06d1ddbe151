"""Records and diagnoses as lines of text for a terminal."""

from lwisp_bench.devices.diagnosis import Diagnosis
from lwisp_bench.results.compare import Comparison
from lwisp_bench.results.instruction_text import cost_lines
from lwisp_bench.results.output_check import worst
from lwisp_bench.results.record import Measurement, Record
from lwisp_bench.results.summary import Summary
from lwisp_bench.worker.job import Phases


def device_lines(diagnosis: Diagnosis) -> list[str]:
    """What a device is, or what keeps it from being measured."""
    found = diagnosis.description
    if found is None:
        return [diagnosis.name, f"  can't be used: {diagnosis.problem}"]
    what = ", ".join(filter(None, [found.model, found.processor, found.machine, found.os or found.build]))
    lines = [diagnosis.name, f"  {what}, {found.cpu_count or '?'} CPUs, {' '.join(found.features or ())}"]
    if found.emulator is not None:
        lines.append(f"  emulated ({found.emulator}): times on it are no latency")
    return [*lines, f"  {diagnosis.runtime or diagnosis.problem}"]


def record_lines(record: Record, done_before: bool) -> list[str]:
    """A case's outcome. done_before: it was measured in an earlier run."""
    setup, measurement = record.setup, record.measurement
    head = f"{record.device.name}: {record.subject.name}"
    if record.clock == "wall":
        head += f", {setup.threads} threads, {setup.affinity} CPUs, {setup.mode}"
    if setup.tool is not None:
        head += ", benchmark_model"
    if done_before:
        head += " (measured before)"
    if record.failure is not None:
        return [head, f"  failed: {record.failure.message}"]
    if record.cost is not None:
        return [head, *cost_lines(record.cost)]
    if measurement is None:
        obstacle = "not measured" if record.gate is None else record.gate.obstacle
        return [head, f"  inconclusive: {obstacle}; let it cool and run again (--no-gate measures anyway)"]
    return [head, *_measurement_lines(measurement, record.device_kind == "emulated")]


def comparison_lines(comparison: Comparison) -> list[str]:
    """One case of two results files."""
    c = comparison
    return [
        c.case,
        f"  {c.outcome}: {c.base_p50_ms:.2f} ms to {c.new_p50_ms:.2f} ms (p50), {100 * (c.ratio - 1):+.1f} %, "
        f"interval {100 * (c.low - 1):+.1f} to {100 * (c.high - 1):+.1f} %",
        f"  {c.reason}",
    ]


def _measurement_lines(measurement: Measurement, emulated: bool) -> list[str]:
    s, worker = measurement.summary, measurement.worker
    clock = "wall clock of an emulator, no latency" if emulated else "wall clock"
    peak = worker.memory.peak_bytes
    lines = [
        f"  {_times(s)}, {s.runs} runs ({clock})",
        f"  {measurement.verdict.kind}: {measurement.verdict.rule}",
        f"  {_phases(worker.phases)}; peak {'unknown' if peak is None else f'{peak / 1e6:.0f} MB'}; "
        f"{worker.runtime.engine} {worker.runtime.version or ''}".rstrip(),
    ]
    if worker.coverage is not None:
        c = worker.coverage
        lines.append(f"  XNNPACK runs {c.delegated_nodes} of {c.total_nodes} nodes in {c.partitions} partitions")
    return [*lines, f"  {_check_line(measurement)}"]


def _times(s: Summary) -> str:
    """What the runner told."""
    named = (("p50", s.p50_ms), ("p90", s.p90_ms), ("p95", s.p95_ms), ("p99", s.p99_ms), ("MAD", s.mad_ms))
    told = [(name, value) for name, value in named if value is not None and (name != "p95" or s.p90_ms is None)]
    if s.p99_ms is None:
        told.append(("mean", s.mean_ms))
    (first, value), *rest = told
    return ", ".join([f"{first} {value:.2f} ms", *(f"{name} {value:.2f}" for name, value in rest)])


def _phases(phases: Phases) -> str:
    named = (
        ("load", phases.load_ms),
        ("allocate", phases.allocate_ms),
        ("load and allocate", phases.prepare_ms),
        ("first", phases.first_ms),
    )
    return ", ".join(f"{name} {value:.1f} ms" for name, value in named if value is not None)


def _check_line(measurement: Measurement) -> str:
    checks = measurement.checks
    if measurement.checks_error is not None:
        return f"outputs not compared: {measurement.checks_error}"
    equal = sum(check.bit_equal for check in checks)
    differences = [check.max_abs_diff for check in checks if check.max_abs_diff is not None]
    line = f"{equal} of {len(checks)} outputs have this host's bits"
    if equal < len(checks) and differences:
        line += f" (largest difference {max(differences):.3g})"
    drift = worst(measurement.drifts)
    if drift is not None:
        psnr = drift.comparison.psnr_db
        decibels = "equal" if psnr is None else f"{psnr:.2f} dB"
        line += (
            f"; against the float student {decibels}, mean ΔE2000 {drift.comparison.delta_e_mean:.2f} ({drift.image})"
        )
    return line
