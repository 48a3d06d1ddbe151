"""The distribution of shots, and what varies in it."""

from pathlib import Path

import numpy as np
import pytest

from lwisp_export.synthesis.camera import load_sensors
from lwisp_export.synthesis.mosaic import Shot
from lwisp_export.synthesis.noise import load_phones
from lwisp_export.synthesis.shots import NOISELESS, ShotRange, ShotVariety
from lwisp_mobile.errors import UsageError

COUNT = 400
VARIED = ShotVariety((50, 6400), 0.33, 0.1, told_noise=(0.7, 1.4), soft_share=0.15, stuck_share=0.1)


def draw(data: Path, variety: ShotVariety) -> list[Shot]:
    shots = ShotRange(load_sensors(data / "sensors.json"), load_phones(data / "noise.json"), variety=variety)
    return [shots.sample(np.random.default_rng(seed)) for seed in range(COUNT)]


def share(found: list[bool]) -> float:
    return sum(found) / COUNT


def test_shots_vary_as_often_and_as_far_as_asked(data: Path) -> None:
    shots = draw(data, VARIED)
    assert share([shot.noise == NOISELESS for shot in shots]) == pytest.approx(0.1, abs=0.05)
    assert share([shot.softness_px > 0 for shot in shots]) == pytest.approx(0.15, abs=0.06)
    assert share([shot.bad_share > 0 for shot in shots]) == pytest.approx(0.1, abs=0.05)
    # A third at ISO 1 to 100; of the others, a seventh, which is 50 to 100 of 50 to 6400; and the noiseless.
    assert share([(shot.iso or 0) < 100 for shot in shots]) == pytest.approx(0.48, abs=0.08)
    assert {0.3 <= shot.softness_px <= 1 for shot in shots if shot.softness_px} == {True}
    told = np.log([shot.told_noise for shot in shots])
    assert np.log(0.7) <= told.min() < -0.3 < 0.3 < told.max() <= np.log(1.4)
    assert max(shot.iso or 0 for shot in shots) > 4000


def test_noise_grows_with_iso_on_both_sides_of_what_phones_have(data: Path) -> None:
    shots = [shot for shot in draw(data, ShotVariety(low_iso_share=0.5)) if (shot.iso or 0) < 60]
    shots.sort(key=lambda shot: shot.iso or 0)
    below = [shot.noise.shot for shot in shots if (shot.iso or 0) < 50]
    assert len(below) > 50
    assert below == sorted(below)
    assert 0 < below[0] < below[-1] / 10


def test_without_variety_nothing_else_is_drawn(data: Path) -> None:
    plain = draw(data, ShotVariety())
    assert all((shot.told_noise, shot.softness_px, shot.bad_share) == (1, 0, 0) for shot in plain)
    told = draw(data, ShotVariety(told_noise=(0.7, 1.4)))
    assert all(one.iso == other.iso and one.color == other.color for one, other in zip(plain, told))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"soft_share": 1.5}, "soft_share is 1.5"),
        ({"iso": (0.0, 10.0)}, "iso is"),
        ({"told_noise": (2.0, 1.0)}, "told"),
    ],
)
def test_impossible_varieties_are_named(options: dict[str, float], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        ShotVariety(**options)  # type: ignore[arg-type]
