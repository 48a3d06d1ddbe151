"""Scores of methods on fixed frames."""

from dataclasses import replace

import numpy as np
import pytest

from lwisp_export.evaluation.method_scores import Method, evaluate, rendered_tone
from lwisp_export.synthesis.validation_frames import validation_frames
from lwisp_mobile import shipped_bundle
from lwisp_mobile.progress import silent


def test_scores_are_means_over_pictures() -> None:
    pictures = [np.full((32, 32, 3), value, np.uint8) for value in (100, 150)]
    frames = validation_frames(pictures, (), (100,))
    truths = {id(frame.raw): frame.truth for frame in frames}
    off = Method("off", lambda raw: truths[id(raw)] + np.float32(0.1))
    (result,) = evaluate([off], frames, silent)
    assert result.scores[0].pictures == 2
    assert result.scores[0].psnr_db == pytest.approx(20, abs=1e-4)
    assert result.mean_psnr_db([100]) == result.scores[0].psnr_db


def test_bundles_of_different_tones_are_compared_at_neutral() -> None:
    shipped = shipped_bundle()
    models = tuple(replace(one, contract=replace(one.contract, rendered_tone="neutral")) for one in shipped.models)
    neutral = replace(shipped, models=models)
    assert rendered_tone([shipped, shipped]) == "contrast"
    assert rendered_tone([neutral]) == rendered_tone([shipped, neutral]) == "neutral"
