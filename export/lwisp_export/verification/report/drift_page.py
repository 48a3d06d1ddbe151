"""The drift report's page: figures, charts and pictures in one file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lwisp_export.verification.report.charts import HEIGHT, LEFT, WIDTH, candidate_chart, layer_chart
from lwisp_export.verification.report.drift_figures import DriftFigures, Shown
from lwisp_export.verification.report.pictures import data_uri
from lwisp_export.verification.report.template import write_html
from lwisp_mobile.output.comparison import AMPLIFICATION, difference, worst_corner

CROP_PX = 64


@dataclass(frozen=True)
class ImageRow:
    """One image's pictures as data URIs."""

    shown: Shown
    in_float: str
    in_int8: str
    difference: str
    crop_float: str
    crop_int8: str
    crop_difference: str


def write_drift_page(path: Path, figures: DriftFigures, shown: Sequence[Shown]) -> None:
    """Write the page; it needs no other file."""
    write_html(
        path,
        "drift_report.html.j2",
        figures=figures,
        int8=next(stage for stage in figures.stages if stage.stage == "int8"),
        rows=[_row(image) for image in shown],
        layers=layer_chart(figures.layers),
        candidates=None if figures.search is None else candidate_chart(figures.search),
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        amplification=AMPLIFICATION,
    )


def _row(shown: Shown) -> ImageRow:
    top, left = worst_corner(shown.in_int8, shown.in_float, CROP_PX)
    crop = slice(top, top + CROP_PX), slice(left, left + CROP_PX)
    change = difference(shown.in_int8, shown.in_float)
    pictures = (shown.in_float, shown.in_int8, change)
    return ImageRow(shown, *(data_uri(p) for p in pictures), *(data_uri(p[crop]) for p in pictures))
