"""Metrics against scikit-image and published figures."""

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from lwisp_mobile.errors import NonFiniteError, UsageError
from lwisp_mobile.metrics import compare, delta_e_2000, psnr_db, srgb_to_lab, ssim


@pytest.fixture
def pair() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    picture = rng.random((40, 56, 3), dtype=np.float32)
    return picture, np.clip(picture + rng.normal(0, 0.05, picture.shape), 0, 1).astype(np.float32)


def test_psnr_as_scikit_image(pair: tuple[np.ndarray, np.ndarray]) -> None:
    assert psnr_db(*pair) == pytest.approx(peak_signal_noise_ratio(*pair, data_range=1.0), abs=1e-6)


def test_ssim_as_scikit_image(pair: tuple[np.ndarray, np.ndarray]) -> None:
    theirs = structural_similarity(
        *(picture.astype(np.float64) for picture in pair),
        data_range=1.0,
        channel_axis=-1,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    assert ssim(*pair) == pytest.approx(theirs, abs=1e-6)


def test_lab_and_ciede2000_as_scikit_image(pair: tuple[np.ndarray, np.ndarray]) -> None:
    # scikit-image's white point is rounded to five digits.
    assert np.abs(srgb_to_lab(pair[0]) - rgb2lab(pair[0])).max() < 0.02
    theirs = deltaE_ciede2000(rgb2lab(pair[0]), rgb2lab(pair[1]))
    assert np.abs(delta_e_2000(*pair) - theirs).max() < 0.02


def test_greys_have_no_hue_and_differ_in_lightness_alone() -> None:
    dark, light = (np.full((1, 1, 3), value, np.float32) for value in (0.4, 0.5))
    assert 9 < delta_e_2000(dark, light)[0, 0] < 11
    assert delta_e_2000(dark, dark)[0, 0] == 0


def test_equal_pictures_have_no_psnr(pair: tuple[np.ndarray, np.ndarray]) -> None:
    same = compare(pair[0], pair[0])
    assert same.psnr_db is None
    assert (same.max_abs_diff, same.delta_e_mean, same.non_finite) == (0, 0, 0)
    assert same.ssim == pytest.approx(1)
    assert psnr_db(pair[0], pair[0]) == float("inf")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_nan_is_counted_and_never_equal_to_zero(pair: tuple[np.ndarray, np.ndarray], bad: float) -> None:
    broken = np.zeros_like(pair[0])
    broken[3, 4, 1] = bad
    with pytest.raises(NonFiniteError, match="1 values"):
        psnr_db(broken, np.zeros_like(broken))
    assert compare(broken, np.zeros_like(broken)).non_finite == 1
    with pytest.raises(UsageError, match="nothing to compare"):
        compare(np.full_like(broken, bad), broken)


def test_sizes_must_be_equal_and_large_enough(pair: tuple[np.ndarray, np.ndarray]) -> None:
    with pytest.raises(UsageError, match="equal sizes"):
        psnr_db(pair[0], pair[0][1:])
    with pytest.raises(UsageError, match="11x11"):
        ssim(pair[0][:10], pair[0][:10])
