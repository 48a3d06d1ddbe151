"""CPUs by affinity."""

import pytest

from lwisp_bench.cases.setup import choose_cpus
from lwisp_bench.devices.description import read_description
from lwisp_mobile.errors import UsageError

PHONE = read_description(
    "adb:X", "machine=aarch64\ncapacity.0=160\ncapacity.1=160\ncapacity.10=1024\nmax_khz.10=2802000\n"
)


def test_big_and_little_cores() -> None:
    assert choose_cpus("big", PHONE) == (10,)
    assert choose_cpus("little", PHONE) == (0, 1)
    assert choose_cpus("all", PHONE) is None
    assert choose_cpus("0,2-4", PHONE) == (0, 2, 3, 4)


@pytest.mark.parametrize("affinity", ["fast", "", "1-", "4-2"])
def test_malformed_affinities_are_named(affinity: str) -> None:
    with pytest.raises(UsageError, match="affinity"):
        choose_cpus(affinity, PHONE)


def test_equal_cores_are_neither_big_nor_little() -> None:
    found = read_description("ssh:x", "machine=aarch64\nmax_khz.0=1000\nmax_khz.1=1000\n")
    with pytest.raises(UsageError, match="doesn't distinguish big and little cores"):
        choose_cpus("big", found)
