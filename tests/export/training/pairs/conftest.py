"""Fixtures: every kind of pair set, written once."""

from pathlib import Path

import pytest

from lwisp_export.synthesis.camera import load_sensors
from lwisp_export.synthesis.noise import load_phones
from lwisp_export.training.pairs.lol import open_lol
from lwisp_export.training.pairs.pair_set import PairSet
from lwisp_export.training.pairs.sidd import open_sidd
from lwisp_export.training.pairs.synthetic import (
    DENOISE_EXPOSURE_EV,
    RetakeRange,
    SyntheticPairs,
)
from lwisp_export.training.pairs.zrr import open_zrr
from tests.export.pair_files import picture, write_lol, write_sidd, write_zrr
from tests.export.training_data import write_data


@pytest.fixture(scope="session")
def zrr(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_zrr(tmp_path_factory.mktemp("zrr"))


@pytest.fixture(scope="session")
def lol(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lol(tmp_path_factory.mktemp("lol"))


@pytest.fixture(scope="session")
def sidd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sidd(tmp_path_factory.mktemp("sidd"))


@pytest.fixture(scope="session")
def retakes(tmp_path_factory: pytest.TempPathFactory) -> RetakeRange:
    folder = write_data(tmp_path_factory.mktemp("sensors"))
    sensors, phones = load_sensors(folder / "sensors.json"), load_phones(folder / "noise.json")
    return RetakeRange(sensors, phones, DENOISE_EXPOSURE_EV)


@pytest.fixture(scope="session")
def denoise(retakes: RetakeRange) -> SyntheticPairs:
    return SyntheticPairs((picture(0), picture(1)), (picture(5),), retakes)


@pytest.fixture(scope="session")
def pair_sets(zrr: Path, sidd: Path, lol: Path, denoise: SyntheticPairs) -> dict[str, PairSet]:
    return {"zrr": open_zrr(zrr), "sidd": open_sidd(sidd), "lol": open_lol(lol), "made": denoise}
