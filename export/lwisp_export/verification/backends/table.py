"""The table: one row per model and backend."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lwisp_export.verification.backends.answer import Answer, Verdict
from lwisp_export.verification.backends.registry import Backend
from lwisp_export.verification.backends.subject import Subject, subjects_of
from lwisp_mobile.engine.backend_program import Kind
from lwisp_mobile.errors import NonFiniteError
from lwisp_mobile.metrics import delta_e_2000, psnr_db
from lwisp_mobile.progress import Progress

CODES = 255
"""Differences are counted in steps of 8 bits."""


@dataclass(frozen=True)
class Distance:
    """How far outputs are from others, over all outputs."""

    psnr_db: float | None
    """At data range 1; None: the outputs are equal."""
    largest_codes: float
    """The largest difference in 8-bit steps."""
    delta_e_mean: float | None
    """CIEDE2000 of the picture; None where the outputs aren't one."""


@dataclass(frozen=True)
class Row:
    """What one backend did with one model; fields as in `Answer`."""

    model: str
    precision: str
    backend: str
    verdict: Verdict
    detail: str
    taken: int | None
    operators: int | None
    partitions: int | None
    from_float: Distance | None
    """None where there are no outputs, or no float model."""
    from_cpu: Distance | None
    """From LiteRT's CPU here; None where there are no outputs."""
    kind: Kind | None
    device: str
    versions: str

    @property
    def failed(self) -> bool:
        """Whether the model doesn't run whole on a backend that's here."""
        return self.verdict == "refused"


@dataclass(frozen=True)
class BackendsReport:
    """Every row."""

    rows: tuple[Row, ...]


def verify_backends(
    path: Path, checkpoint: Path | None, backends: Sequence[Backend], progress: Progress
) -> BackendsReport:
    """Run every model of a file or bundle on every backend. Errors as for `subjects_of`."""
    rows = []
    for subject in subjects_of(path, checkpoint):
        for backend in backends:
            progress(f"{subject.name} {subject.precision}: {backend.title}")
            rows.append(_row(subject, backend, backend.run(subject, progress)))
    return BackendsReport(tuple(rows))


def install(backends: Sequence[Backend], progress: Progress) -> None:
    """Get what the backends need. Raises ConversionError where that can't be had."""
    for backend in backends:
        if backend.install is not None:
            backend.install(progress)


def _row(subject: Subject, backend: Backend, answer: Answer) -> Row:
    return _with_distances(
        Row(
            subject.name,
            subject.precision,
            backend.title,
            answer.verdict,
            answer.detail,
            answer.taken,
            answer.operators,
            answer.partitions,
            None,
            None,
            answer.kind,
            answer.device,
            answer.versions,
        ),
        subject,
        answer,
    )


def _with_distances(row: Row, subject: Subject, answer: Answer) -> Row:
    """The row with its distances; NaN or infinity in an output is a refusal, whatever the backend says."""
    if answer.outputs is None:
        return row
    real = subject.real(answer.outputs)
    try:
        return replace(
            row,
            from_float=None if subject.in_float is None else _distance(real, dict(subject.in_float)),
            from_cpu=None if subject.on_cpu is None else _distance(real, subject.real(subject.on_cpu)),
        )
    except NonFiniteError as error:
        return replace(row, verdict="refused", detail=f"NaN or infinity in its output ({error})")


def _distance(found: dict[str, NDArray[np.float32]], wanted: dict[str, NDArray[np.float32]]) -> Distance:
    flat = [np.concatenate([outputs[name].ravel() for name in wanted]) for outputs in (found, wanted)]
    psnr = psnr_db(*flat)
    pictures = [name for name, values in wanted.items() if values.ndim == 4 and values.shape[-1] == 3]
    delta = [float(delta_e_2000(found[name][0], wanted[name][0]).mean()) for name in pictures]
    return Distance(
        psnr if np.isfinite(psnr) else None,
        CODES * float(np.abs(flat[0] - flat[1]).max()),
        delta[0] if delta else None,
    )


_HOW_TO_READ = (
    "taken: operators of all signatures on LiteRT's CPU and GPU, of the called one elsewhere; codes: the largest "
    "difference in 8-bit steps, against the float model and against LiteRT's CPU here"
)
_HEADS = ("model", "backend", "verdict", "taken", "parts", "PSNR float", "dE mean", "codes", "PSNR CPU", "codes", "on")


def lines(report: BackendsReport) -> Iterator[str]:
    """The table as text, and under it what a row can't hold."""
    cells = [_HEADS, *map(_cells, report.rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEADS))]
    yield from ("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in cells)
    details = dict.fromkeys(f"{row.backend}: {row.detail}" for row in report.rows if row.detail)
    yield from ("", *details, "", *dict.fromkeys(row.versions for row in report.rows if row.versions))
    yield _HOW_TO_READ


def _cells(row: Row) -> tuple[str, ...]:
    taken = "" if row.operators is None else f"{'?' if row.taken is None else row.taken} of {row.operators}"
    return (
        f"{row.model} {row.precision}",
        row.backend,
        row.verdict,
        taken,
        "" if row.partitions is None else str(row.partitions),
        *_distance_cells(row.from_float),
        *(cell for i, cell in enumerate(_distance_cells(row.from_cpu)) if i != 1),
        ", ".join(filter(None, [row.kind, row.device])),
    )


def _distance_cells(distance: Distance | None) -> tuple[str, str, str]:
    """PSNR, mean ΔE2000, largest difference in codes."""
    if distance is None:
        return "", "", ""
    psnr = "equal" if distance.psnr_db is None else f"{distance.psnr_db:.1f} dB"
    delta = "" if distance.delta_e_mean is None else f"{distance.delta_e_mean:.3f}"
    return psnr, delta, f"{distance.largest_codes:.1f}"
