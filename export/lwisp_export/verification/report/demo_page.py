"""The demo's page: what went in, what came out, how far INT8 is from float, and what it cost."""

from dataclasses import dataclass
from pathlib import Path

from lwisp_export.drift.stage_drift import Picture
from lwisp_export.verification.drift_record import DriftRecord
from lwisp_export.verification.report.pictures import data_uri, planes_view
from lwisp_export.verification.report.template import write_html
from lwisp_mobile.bundle.bundle import ModelFile
from lwisp_mobile.engine.coverage import Coverage
from lwisp_mobile.engine.timing import TimingSummary
from lwisp_mobile.frame.developer import TimeSplit
from lwisp_mobile.inspect.model_facts import GraphFacts
from lwisp_mobile.metrics import Comparison
from lwisp_mobile.output.comparison import AMPLIFICATION, difference, worst_corner

CROP_PX = 128


@dataclass(frozen=True)
class ModelRow:
    """One shipped model's facts and its time on this machine."""

    file: ModelFile
    facts: GraphFacts
    coverage: Coverage
    timing: TimingSummary
    timed_px: int
    """Output side of the timed square."""
    time: TimeSplit
    """Where the time of developing the RAW went."""


@dataclass(frozen=True)
class DemoResult:
    """Everything the page shows."""

    source: str
    notes: tuple[str, ...]
    packed: Picture
    """(h, w, 4): the student's input."""
    float_rgb: Picture
    int8_rgb: Picture
    drift_of_raw: Comparison
    """INT8 against float on this RAW."""
    drift: DriftRecord
    models: tuple[ModelRow, ...]
    machine: str
    threads: int


def write_page(path: Path, result: DemoResult) -> None:
    """Write the page; it needs no other file."""
    write_html(path, "demo.html.j2", r=result, pictures=_pictures(result), amplification=AMPLIFICATION)


def _pictures(result: DemoResult) -> dict[str, str]:
    top, left = worst_corner(result.int8_rgb, result.float_rgb, CROP_PX)
    crop = slice(top, top + CROP_PX), slice(left, left + CROP_PX)
    return {
        "input": data_uri(planes_view(result.packed)),
        "float": data_uri(result.float_rgb),
        "int8": data_uri(result.int8_rgb),
        "difference": data_uri(difference(result.int8_rgb, result.float_rgb)),
        "crop_float": data_uri(result.float_rgb[crop]),
        "crop_int8": data_uri(result.int8_rgb[crop]),
        "crop_difference": data_uri(difference(result.int8_rgb[crop], result.float_rgb[crop])),
    }
