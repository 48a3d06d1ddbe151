"""Fixtures for the factory's tests."""

import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def _one_torch_thread() -> None:
    """Many tiny tensors: more threads only wait for each other, for minutes where another program runs beside."""
    torch.set_num_threads(1)
