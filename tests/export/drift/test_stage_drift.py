"""Drift of a stage: median and worst over tiles, and every way to exceed a budget."""

import re
from collections.abc import Callable

import numpy as np
import pytest

from lwisp_export.drift.stage_drift import Budget, StageDrift, measure_drift
from lwisp_export.synthesis.tiles import Tile

TILES = [Tile(f"t{i}", np.random.default_rng(i).random((16, 16, 4), dtype=np.float32)) for i in range(3)]


def develop(packed: np.ndarray) -> np.ndarray:
    """A stand-in student: each plane's mean colour, twice the size."""
    return np.repeat(np.repeat(packed[..., [0, 1, 3]], 2, axis=0), 2, axis=1)


REFERENCES = [develop(tile.packed) for tile in TILES]


def off_by(amount: float, *, only: int | None = None) -> Callable[[np.ndarray], np.ndarray]:
    def run(packed: np.ndarray) -> np.ndarray:
        hit = only is None or np.array_equal(packed, TILES[only].packed)
        return develop(packed) + np.float32(amount * hit)

    return run


def drift(run: Callable[[np.ndarray], np.ndarray], **limits: float) -> StageDrift:
    return measure_drift(run, REFERENCES, TILES, "int8", Budget(**limits))


def test_equal_pictures_have_no_psnr_and_keep_every_budget() -> None:
    found = drift(develop, max_abs_diff=0, median_psnr_db=1000, worst_psnr_db=1000, delta_e_p99=0)
    assert (found.median_psnr_db, found.worst_psnr_db, found.max_abs_diff, found.delta_e_p99) == (None, None, 0, 0)
    assert found.violations == ()


@pytest.mark.parametrize(
    ("limits", "violation"),
    [
        ({"max_abs_diff": 0.009}, r"max abs difference 1.00e-02 > 9.00e-03"),
        ({"median_psnr_db": 40.1}, r"median PSNR 40.00 dB < 40.10 dB"),
        ({"worst_psnr_db": 40.1}, r"worst PSNR 40.00 dB < 40.10 dB"),
        ({"delta_e_p99": 0.1}, r"ΔE2000 p99 [0-9.]+ > 0.100"),
    ],
)
def test_each_limit_is_named_when_exceeded(limits: dict[str, float], violation: str) -> None:
    (found,) = drift(off_by(0.01), **limits).violations
    assert re.fullmatch(violation, found)


def test_one_bad_tile_is_enough_and_named() -> None:
    found = drift(off_by(0.1, only=1), median_psnr_db=42, worst_psnr_db=36)
    assert found.worst_image == "t1"
    assert found.worst_psnr_db == pytest.approx(20, abs=0.01)
    assert found.violations == ("worst PSNR 20.00 dB < 36.00 dB",)


def test_a_nan_violates_without_any_limit() -> None:
    def broken(packed: np.ndarray) -> np.ndarray:
        output = develop(packed).copy()
        output[0, 0, 0] = np.nan
        return output

    found = drift(broken)
    assert found.non_finite == 3
    assert found.violations == ("3 NaN or infinite values",)


def test_every_tile_needs_a_reference() -> None:
    with pytest.raises(ValueError, match="shorter"):
        measure_drift(develop, REFERENCES[:2], TILES)
