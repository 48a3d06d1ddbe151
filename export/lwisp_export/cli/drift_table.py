"""A drift record as text and exit code, for every subcommand that checks a bundle."""

from lwisp_export.cli.options import print_progress
from lwisp_export.verification.drift_record import DriftRecord
from lwisp_mobile.cli.command import print_json


def conclude(record: DriftRecord, as_json: bool) -> int:
    """Print a drift record; returns 1 if a stage exceeds its budget, else 0."""
    failing = record.first_failing
    if as_json:
        print_json(record)
    else:
        _print_table(record)
    if failing is not None:
        print_progress(f"{failing.stage} is the first stage out of its budget: {'; '.join(failing.violations)}")
    return 0 if failing is None else 1


def _print_table(record: DriftRecord) -> None:
    print("stage     max |diff|   median PSNR   worst PSNR    min SSIM   dE mean   dE p99   verdict")
    for stage in record.stages:
        median, worst = ("equal" if v is None else f"{v:.2f} dB" for v in (stage.median_psnr_db, stage.worst_psnr_db))
        verdict = "out of budget" if stage.violations else "within budget"
        print(
            f"{stage.stage:<9} {stage.max_abs_diff:>10.1e} {median:>13} {worst:>12} {stage.ssim_min:>11.5f} "
            f"{stage.delta_e_mean:>9.3f} {stage.delta_e_p99:>8.2f}   {verdict}"
        )
    print(f"budget: {record.gate}")
