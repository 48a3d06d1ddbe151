"""`lwisp verify --report`: the page and its figures, from a check of a bundle."""

from pathlib import Path

from lwisp_export.quantization.search import QuantizationReport
from lwisp_export.quantization_step import REPORT_FILE
from lwisp_export.verification.bundle_check import DriftCheck
from lwisp_export.verification.bundle_json import read_bundle_json
from lwisp_export.verification.report.drift_figures import measure_drift_figures
from lwisp_export.verification.report.drift_page import write_drift_page
from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.progress import Progress
from lwisp_mobile.serialize.files import atomic_write
from lwisp_mobile.serialize.json_text import to_json

PAGE_FILE = "drift_report.html"
FIGURES_FILE = "drift_report.json"


def write_drift_report(bundle: Bundle, check: DriftCheck, folder: Path, progress: Progress) -> Path:
    """Write `drift_report.html` and `drift_report.json` into a folder; returns the page's path.

    check: of this bundle's models. Raises ModelError if the bundle's quantization.json isn't the report of a search.
    """
    search = read_bundle_json(bundle, REPORT_FILE, QuantizationReport)
    progress("layers and images")
    figures, shown = measure_drift_figures(bundle, check, search)
    progress("writing the report")
    folder.mkdir(parents=True, exist_ok=True)
    write_drift_page(folder / PAGE_FILE, figures, shown)
    with atomic_write(folder / FIGURES_FILE) as temporary:
        temporary.write_text(to_json(figures) + "\n", encoding="utf-8")
    return folder / PAGE_FILE
