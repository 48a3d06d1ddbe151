"""Limits of warm-up and steady runs."""

import pytest

from lwisp_bench.worker.job import Limits
from lwisp_bench.worker.latency import enough, is_settled


def test_settling_depends_on_the_last_runs_only() -> None:
    limits = Limits(1, 1, "both")
    assert not is_settled([10.0] * 4, limits)
    assert is_settled([90.0, 10.0, 10.0, 10.1, 10.0, 10.2], limits)
    assert not is_settled([10.0, 10.0, 10.0, 10.0, 12.0], limits)


@pytest.mark.parametrize(
    ("rule", "runs", "seconds", "ends"),
    [
        ("both", 100, 9, False),
        ("both", 99, 10, False),
        ("both", 100, 10, True),
        ("either", 100, 0, True),
        ("either", 1, 10, True),
        ("either", 0, 10, False),
        ("either", 99, 9, False),
    ],
)
def test_when_steady_runs_end(rule: str, runs: int, seconds: float, ends: bool) -> None:
    assert enough(runs, seconds, Limits(100, 10, rule)) is ends


def test_zero_seconds_set_no_time_limit() -> None:
    limits = Limits(3, 0, "either")
    assert [enough(runs, 100.0, limits) for runs in range(4)] == [False, False, False, True]
