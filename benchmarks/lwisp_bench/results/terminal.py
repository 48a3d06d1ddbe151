"""Diagnoses, records and comparisons as lines of text for a terminal."""

from lwisp_bench.devices.diagnosis import Diagnosis, Route
from lwisp_bench.results.file_comparison import Comparison
from lwisp_bench.results.instruction_cost import InstructionCost, largest_classes
from lwisp_bench.results.latency_comparison import LatencyComparison
from lwisp_bench.results.notes import notes
from lwisp_bench.results.output_check import worst
from lwisp_bench.results.record import Measurement, Record
from lwisp_bench.results.summary import Summary
from lwisp_bench.worker.job import Phases


def device_lines(diagnosis: Diagnosis) -> list[str]:
    """A device, or the reason why it can't be measured."""
    found = diagnosis.description
    if found is None:
        return [diagnosis.name, f"  can't be used: {diagnosis.problem}"]
    what = ", ".join(filter(None, [found.model, found.processor, found.machine, found.os or found.build]))
    lines = [diagnosis.name, f"  {what}, {found.cpu_count or '?'} CPUs, {' '.join(found.features or ())}"]
    if found.emulator is not None:
        lines.append(f"  emulated ({found.emulator}): times on it are not latencies")
    return [*lines, *(line for route in diagnosis.routes for line in _route_lines(route))]


def _route_lines(route: Route) -> list[str]:
    return [f"  {route.name}: {'' if route.available else 'no, '}{route.detail}", f"      {route.command}"]


def record_lines(record: Record, done_before: bool) -> list[str]:
    """A case's outcome. done_before: it was measured in an earlier run."""
    setup, measurement = record.setup, record.measurement
    head = f"{record.device.name}: {record.subject.name}"
    if record.clock == "wall":
        head += f", {setup.threads} threads, {setup.affinity} CPUs, {setup.mode}"
    if setup.tool is not None:
        head += ", benchmark_model"
    if record.device_kind == "browser":
        head += f", {setup.runner}"
    if done_before:
        head += " (measured before)"
    if record.failure is not None:
        return [head, f"  failed: {record.failure.message}"]
    if record.cost is not None:
        return [head, *_cost_lines(record.cost)]
    if measurement is None:
        obstacle = "not measured" if record.gate is None else record.gate.obstacle
        return [head, f"  inconclusive: {obstacle}; let it cool and run again (--no-gate measures anyway)"]
    lines = _measurement_lines(measurement, record.device_kind)
    return [head, *lines, *(f"  note: {note}" for note in notes(record))]


def comparison_lines(comparison: Comparison) -> list[str]:
    """One case of two results files."""
    c = comparison
    if isinstance(c, LatencyComparison):
        change = (
            f"{c.base_p50_ms:.2f} ms to {c.new_p50_ms:.2f} ms (p50), {percent(c.ratio)}, "
            f"interval {percent(c.low)} to {percent(c.high)}"
        )
    else:
        change = (
            f"{c.base / 1e6:.2f} to {c.new / 1e6:.2f} million retired arm64 instructions, "
            f"{percent(c.ratio, 2)} (not a latency)"
        )
    return [c.case, f"  {c.outcome}: {change}", f"  {c.reason}"]


def percent(ratio: float, decimals: int = 1) -> str:
    """A ratio as a signed change in percent."""
    return f"{100 * (ratio - 1):+.{decimals}f} %"


def _cost_lines(cost: InstructionCost) -> list[str]:
    coverage = cost.coverage
    equal = sum(check.bit_equal for check in cost.checks)
    return [
        f"  {cost.counts.total / 1e6:.2f} million {cost.unit} per inference on {cost.cpu} (emulated; not a latency)",
        "  " + ", ".join(f"{name} {count / 1e6:.2f}" for name, count in largest_classes(cost.counts)),
        f"  spread {1e6 * cost.spread:.0f} ppm over {len(cost.inferences)} inferences; "
        f"XNNPACK runs {coverage.delegated_nodes} of {coverage.total_nodes} nodes; "
        f"{equal} of {len(cost.checks)} outputs bit-equal to this host's",
    ]


def _measurement_lines(measurement: Measurement, kind: str) -> list[str]:
    s, worker = measurement.summary, measurement.worker
    clock = {"emulated": "wall clock of an emulator, not a latency", "browser": "a browser's clock"}
    peak = worker.memory.peak_bytes
    lines = [
        f"  {_times(s)}, {s.runs} runs ({clock.get(kind, 'wall clock')})",
        f"  {measurement.verdict.kind}: {measurement.verdict.rule}",
        f"  {_phases(worker.phases)}; peak {'unknown' if peak is None else f'{peak / 1e6:.0f} MB'}; "
        f"{worker.runtime.engine} {worker.runtime.version or ''}".rstrip(),
    ]
    if worker.coverage is not None:
        c = worker.coverage
        delegate = worker.runtime.delegate or "a delegate"
        lines.append(f"  {delegate} runs {c.delegated_nodes} of {c.total_nodes} nodes in {c.partitions} partitions")
    elif worker.coverage_error is not None:
        lines.append(f"  delegate coverage unknown: {worker.coverage_error}")
    return [*lines, f"  {_check_line(measurement)}"]


def _times(s: Summary) -> str:
    named = [("p50", s.p50_ms), ("p90", s.p90_ms), ("p99", s.p99_ms), ("MAD", s.mad_ms)]
    if s.p90_ms is None:
        named.insert(1, ("p95", s.p95_ms))
    if s.p99_ms is None:
        named.append(("mean", s.mean_ms))
    (first, value), *rest = [(name, value) for name, value in named if value is not None]
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
    line = f"{equal} of {len(checks)} outputs bit-equal to this host's"
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
