"""The backends' page and its figures."""

from pathlib import Path

from lwisp_export.verification.backends.table import BackendsReport
from lwisp_export.verification.report.template import write_html
from lwisp_mobile.serialize.files import atomic_write
from lwisp_mobile.serialize.json_text import to_json

PAGE_FILE = "backends_report.html"
FIGURES_FILE = "backends_report.json"


def write_backends_report(report: BackendsReport, title: str, folder: Path) -> Path:
    """Write `backends_report.html` and `backends_report.json` into a folder; returns the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    models = list(dict.fromkeys((row.model, row.precision) for row in report.rows))
    write_html(folder / PAGE_FILE, "backends.html.j2", report=report, title=title, models=models)
    with atomic_write(folder / FIGURES_FILE) as temporary:
        temporary.write_text(to_json(report) + "\n", encoding="utf-8")
    return folder / PAGE_FILE
