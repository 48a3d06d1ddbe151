"""Fixtures for all tests."""

from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
DATA = PROJECT.parent / "shared" / "data"
RAW_DATA = DATA / "raw"


@pytest.fixture(scope="session")
def raw_data() -> Path:
    """Folder of real RAW files; they are too large and too differently licensed to be committed."""
    if not RAW_DATA.is_dir():
        pytest.skip(f"real RAW files aren't here ({RAW_DATA})")
    return RAW_DATA


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Folder of photographs and sensor measurements to train with."""
    if not DATA.is_dir():
        pytest.skip(f"training data aren't here ({DATA})")
    return DATA
