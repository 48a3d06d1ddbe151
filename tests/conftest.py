"""Fixtures for all tests."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from lwisp_export.synthesis.sample import write_sample

# A long search: `make fuzz`.
settings.register_profile("fuzz", max_examples=20_000, deadline=None, print_blob=True)

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


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Child processes heed Ctrl-C, even where the tests run in a shell's background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def sample_dng(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample RAW file, photo.dng: 511x512 px."""
    path = tmp_path_factory.mktemp("sample") / "photo.dng"
    write_sample(path)
    return path
