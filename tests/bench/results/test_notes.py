"""Notes on how a number came about."""

from dataclasses import replace

from lwisp_bench.devices.conditions import CpuClock
from lwisp_bench.results.notes import notes
from lwisp_bench.results.terminal import record_lines
from tests.bench.synthetic_records import COOL, MAX_KHZ, timed_record


def test_a_plain_record_has_none() -> None:
    assert notes(timed_record([1.0] * 30)) == ()


def test_caps_and_too_many_threads_are_noted() -> None:
    record = timed_record([1.0] * 30)
    assert record.measurement is not None
    capped = replace(COOL, clocks=(CpuClock(3, None, None, 1_000_000, MAX_KHZ),))
    changed = replace(
        record,
        setup=replace(record.setup, threads=4),
        measurement=replace(record.measurement, before=capped),
    )
    assert notes(changed) == (
        "4 threads on 1 CPUs: they take turns",
        "CPU 3 was capped at 1.00 of 2.40 GHz",
    )
    assert "  note: CPU 3 was capped at 1.00 of 2.40 GHz" in record_lines(changed, False)
