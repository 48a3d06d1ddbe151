"""The cost of pre-processing: every stage is measured, one after another, on a frame that asks for all of them."""

from itertools import pairwise

import numpy as np

from lwisp_bench.cli.preprocess import lines
from lwisp_bench.studies.preprocess import made_frame, measure_preprocess, stages
from lwisp_mobile.preprocess.prepare import prepare


def test_every_stage_changes_the_planes() -> None:
    """A stage that did nothing would be measured as free."""
    planes = [prepare(*case).planes for _, case in stages(made_frame(64, 96))]
    assert [found.shape[-1] for found in planes] == [4] * 5 + [5]
    assert all(not np.array_equal(a[..., :4], b[..., :4]) for a, b in pairwise(planes[:-1]))


def test_a_report_has_a_line_per_stage_and_all_samples() -> None:
    report = measure_preprocess(96, 128, turns=3)
    assert {len(step.samples_ms) for step in (*report.cumulative, *report.once)} == {3}
    assert len(lines(report)) == 2 + len(report.cumulative) + len(report.once)
    assert lines(report)[0].startswith("128x96 px on one core")
