"""The noise plane tells the standard deviation that the planes really have, in whatever way light became planes."""

from dataclasses import replace

import numpy as np
import pytest

from lwisp_mobile.contract import MOSAIC_PLANES, NOISE_PLANE, InputContract
from lwisp_mobile.errors import UsageError
from lwisp_mobile.preprocess.noise import NO_NOISE, find_noise
from lwisp_mobile.preprocess.options import PrepareOptions
from lwisp_mobile.preprocess.prepare import prepare
from lwisp_mobile.raw.corrections import GainMap, NoiseProfile
from lwisp_mobile.raw.image import RawImage

CONTRACT = InputContract(planes=(*MOSAIC_PLANES, NOISE_PLANE), exposure_knee=0.5, size_multiple=2)
PROFILE = NoiseProfile((4e-4,) * 3, (2e-6,) * 3)
BLACK, WHITE = 1024.0, 16383.0
GAINS = (1.9, 1.0, 1.6)


def photograph(light: float, profile: NoiseProfile = PROFILE, **facts: object) -> RawImage:
    """A grey surface of one light after white balance, with the profile's noise."""
    rng = np.random.default_rng(1)
    sites = np.tile(light / np.array([[GAINS[0], 1.0], [1.0, GAINS[2]]]), (100, 100))
    noisy = sites + rng.standard_normal(sites.shape) * np.sqrt(profile.scale[0] * sites + profile.offset[0])
    mosaic = np.clip(np.rint(BLACK + noisy * (WHITE - BLACK)), 0, WHITE).astype(np.uint16)
    return RawImage(mosaic, "RGGB", (BLACK,) * 4, WHITE, GAINS, None, noise_profile=profile, **facts)


def even_shading(gain: float) -> tuple[GainMap, ...]:
    return (GainMap(0, 0, 200, 200, 1, 1, 0.0, 0.0, 1.0, 1.0, np.full((1, 1, 1), gain, np.float32)),)


@pytest.mark.parametrize("light", [0.01, 0.05, 0.2, 0.45])
@pytest.mark.parametrize("ev", [-2.0, 0.0, 1.5, 3.0])
@pytest.mark.parametrize("gain", [1.0, 2.0])
def test_the_plane_is_the_planes_standard_deviation(light: float, ev: float, gain: float) -> None:
    raw = photograph(light / gain, gain_maps=even_shading(gain))
    planes = prepare(raw, CONTRACT, PrepareOptions(exposure_ev=ev)).planes
    told = float(np.median(planes[..., 4])) * CONTRACT.noise_full_scale
    measured = float(np.sqrt(np.mean(planes[..., :4].var(axis=(0, 1)))))
    assert told == pytest.approx(measured, rel=0.12)


def test_a_gain_before_white_is_in_the_plane_too() -> None:
    contract = replace(CONTRACT, exposure_knee=None)
    planes = prepare(photograph(0.05), contract, PrepareOptions(exposure_ev=2.0)).planes
    told = float(np.median(planes[..., 4])) * contract.noise_full_scale
    assert told == pytest.approx(float(np.sqrt(np.mean(planes[..., :4].var(axis=(0, 1))))), rel=0.12)


def test_denoising_is_a_factor_up_to_full_scale() -> None:
    raw = photograph(0.2)
    once, twice, none = (prepare(raw, CONTRACT, PrepareOptions(denoise=factor)).planes[..., 4] for factor in (1, 2, 0))
    assert twice == pytest.approx(np.minimum(2 * once, 1), rel=1e-6)
    assert not none.any()
    loud = photograph(0.2, NoiseProfile((0.5,) * 3, (0.1,) * 3))
    assert prepare(loud, CONTRACT, PrepareOptions(denoise=2)).planes[..., 4].max() == 1


def test_sources_are_asked_in_order_and_named() -> None:
    raw = photograph(0.2)
    given = NoiseProfile((1e-3,) * 3, (0.0,) * 3)
    assert find_noise(raw, given) == (given, "Noise as given: variance 0.001 x light + 0.")
    assert find_noise(raw, None)[0] == PROFILE
    assert "NoiseProfile" in find_noise(raw, None)[1]
    estimate, note = find_noise(replace(raw, noise_profile=None), None)
    assert note.startswith("Noise estimated from the mosaic")
    assert estimate.scale[0] > 0


def test_frames_without_anything_to_measure_say_so() -> None:
    black = replace(photograph(0.2), mosaic=np.zeros((64, 64), np.uint16), noise_profile=None)
    found, note = find_noise(black, None)
    assert found == NO_NOISE
    assert "Noise unknown" in note


@pytest.mark.parametrize("options", [PrepareOptions(denoise=0.5), PrepareOptions(noise=PROFILE)])
def test_networks_that_are_not_told_refuse_what_would_have_no_effect(options: PrepareOptions) -> None:
    with pytest.raises(UsageError, match="isn't told the noise"):
        prepare(photograph(0.2), replace(CONTRACT, planes=MOSAIC_PLANES), options)
