"""Scores of methods on fixed frames."""

import numpy as np
import pytest

from lwisp_export.evaluation.method_scores import Method, evaluate
from lwisp_export.synthesis.validation_frames import validation_frames
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
