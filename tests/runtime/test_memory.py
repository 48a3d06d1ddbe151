"""Memory as a user writes it, and as the system tells it."""

from pathlib import Path

import pytest

from lwisp_mobile.errors import UsageError
from lwisp_mobile.memory import available_bytes, parse_bytes


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("400MB", 400_000_000),
        ("1.5GB", 1_500_000_000),
        ("512MiB", 512 << 20),
        ("2 gib", 2 << 30),
        ("64kb", 64_000),
        ("7B", 7),
    ],
)
def test_sizes_are_read(text: str, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "400", "400M", "MB", "-1MB", "1e3MB", "4 0MB", "1IB", "nan GB"])
def test_what_is_no_size_is_named(text: str) -> None:
    with pytest.raises(UsageError, match="write it as 400MB"):
        parse_bytes(text)


def test_free_memory_is_what_the_system_tells(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    assert available_bytes(meminfo) is None
    meminfo.write_text("MemTotal: 9000000 kB\nMemAvailable: 100000 kB\n")
    assert available_bytes(meminfo) == 102_400_000
