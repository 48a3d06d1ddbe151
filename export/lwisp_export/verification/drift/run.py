"""`lwisp verify --report`: measure, then write the page and its figures."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from lwisp_export.quantization.run import REPORT_FILE
from lwisp_export.quantization.search import QuantizationReport
from lwisp_export.student.reference import Reference
from lwisp_export.synthesis.builtin_frames import evaluation_frames
from lwisp_export.synthesis.tiles import TILE_PX, NamedRaw
from lwisp_export.verification.bundle_check import check_origin
from lwisp_export.verification.drift.judged import judged_made, judged_raw
from lwisp_export.verification.drift.page_data import DriftPage, measure_drift_page
from lwisp_export.verification.report.drift_page import write_drift_page
from lwisp_mobile.bundle.archive import read_all
from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.errors import ModelError
from lwisp_mobile.serialize.files import atomic_write
from lwisp_mobile.serialize.from_dict import from_dict
from lwisp_mobile.serialize.json_text import to_json

PAGE_NAME = "drift.html"
FIGURES_NAME = "drift.json"


def report_drift(
    bundle: Bundle, checkpoint: Path, frames: Sequence[NamedRaw], folder: Path, step: Callable[[str], None]
) -> DriftPage:
    """Write `drift.html` and `drift.json` into a folder. frames: camera files; none: the made evaluation frames.

    Errors as for `check_shipped`, and ModelError if the bundle's quantization.json isn't one.
    """
    check_origin(bundle, checkpoint)
    reference = Reference(checkpoint)
    contract = reference.info.input
    judged = judged_raw(frames, contract, TILE_PX) if frames else judged_made(evaluation_frames(), contract, TILE_PX)
    page, shown = measure_drift_page(bundle, reference, judged, _search(bundle), step)
    folder.mkdir(parents=True, exist_ok=True)
    step("writing the report")
    write_drift_page(folder / PAGE_NAME, page, shown)
    with atomic_write(folder / FIGURES_NAME) as temporary:
        temporary.write_text(to_json(page) + "\n", encoding="utf-8")
    return page


def _search(bundle: Bundle) -> QuantizationReport | None:
    """What the bundle keeps of a budget search."""
    data = read_all(bundle.folder).get(REPORT_FILE)
    if data is None:
        return None
    where = f"{bundle.folder / REPORT_FILE}"
    try:
        tree = json.loads(data)
    except ValueError as error:
        raise ModelError(f"{where} isn't a report of a search ({error}). Export the bundle again.") from error
    return from_dict(QuantizationReport, tree, where, ModelError)
