"""The quantisation report as lines of text."""

from collections.abc import Iterator

from lwisp_export.quantization.search import Candidate, QuantizationReport

_SENSITIVITIES = 8


def report_lines(report: QuantizationReport) -> Iterator[str]:
    """The table of candidates, the most sensitive tensors, and the verdict."""
    at, float_ms = report.conditions, report.float_latency.summary.p50_ms
    yield "recipe          median PSNR  worst PSNR  dE mean   dE p99      p50      bytes  delegated  front"
    yield from (_candidate_line(candidate) for candidate in report.candidates)
    yield (
        f"float32 {float_ms:.2f} ms; {at.packed_px}x{at.packed_px} packed px, {at.threads} thread, {at.runtime}, "
        f"{at.machine}, in turns, {at.clock} clock"
    )
    if report.sensitivities:
        yield "most sensitive (the picture's PSNR when only these are int8):"
    for found in report.sensitivities[:_SENSITIVITIES]:
        psnr = "equal" if found.psnr_db is None else f"{found.psnr_db:.2f} dB"
        yield f"  {psnr:>9}  {found.share:5.1%}  {found.part.kind:<11}  {', '.join(found.part.tensors[:3])}"
    verdict = "meets the budget" if report.met else "is the nearest to float; none meets the budget"
    yield f"{report.chosen} {verdict}"


def _candidate_line(candidate: Candidate) -> str:
    drift = candidate.drift
    median, worst = ("equal" if v is None else f"{v:.2f} dB" for v in (drift.median_psnr_db, drift.worst_psnr_db))
    nodes = f"{candidate.coverage.delegated_nodes}/{candidate.coverage.total_nodes}"
    line = (
        f"{candidate.recipe.name:<15} {median:>11} {worst:>11} {drift.delta_e_mean:>8.3f} {drift.delta_e_p99:>8.2f} "
        f"{candidate.latency.summary.p50_ms:>5.2f} ms {candidate.bytes:>10} {nodes:>10}"
    )
    return f"{line}  {'*' if candidate.on_pareto_front else ' '}  {'; '.join(candidate.faults)}".rstrip()
