"""What a reader of a number should know about how it came about, and nothing waited for."""

from collections.abc import Iterator

from lwisp_bench.results.record import Record


def notes(record: Record) -> tuple[str, ...]:
    """Notes on a measured record: capped clock frequencies, more threads than CPUs."""
    return tuple(_notes(record))


def _notes(record: Record) -> Iterator[str]:
    if record.measurement is None:
        return
    threads, allowed = record.setup.threads, record.measurement.worker.cpus
    count = record.device.cpu_count if allowed is None else len(allowed)
    if threads is not None and count is not None and threads > count:
        yield f"{threads} threads on {count} CPUs: they take turns"
    for clock in record.measurement.before.clocks:
        if clock.cap_khz is not None and clock.max_khz is not None and clock.cap_khz < clock.max_khz:
            yield f"CPU {clock.index} was capped at {clock.cap_khz / 1e6:.2f} of {clock.max_khz / 1e6:.2f} GHz"
