"""Fixtures for the factory's tests."""

from pathlib import Path

import pytest
import torch

from tests.export.training_data import write_data


@pytest.fixture(autouse=True, scope="session")
def _one_torch_thread() -> None:
    """Many tiny tensors: more threads only wait for each other, for minutes where another program runs beside."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder to train with; tests that change one write their own."""
    return write_data(tmp_path_factory.mktemp("data"))
