"""Counting many models for many CPUs into a results file, gone on with if it is there."""

from collections.abc import Sequence
from pathlib import Path

from lwisp_bench.results.file import Results, read_results, write_results
from lwisp_bench.results.record import case_id
from lwisp_bench.runners.instructions.counting import SETUP, count, describe_cpu, open_counter
from lwisp_bench.suite.running import Told
from lwisp_bench.suite.subjects import Subject


def count_plan(subjects: Sequence[Subject], cpus: Sequence[str], output: Path, told: Told) -> Results:
    """Count every subject for every CPU that isn't in the results file yet; it is written after each.

    Raises UsageError on a CPU that isn't known, CounterError or VirtualDeviceError if this machine can't count.
    """
    results = read_results(output) if output.exists() else Results()
    counter = open_counter()
    descriptions = {cpu: describe_cpu(cpu, counter) for cpu in cpus}
    for cpu, description in descriptions.items():
        for subject in subjects:
            done = results.find(case_id(subject, SETUP, description))
            if done is not None and done.status == "measured":
                told(done, True)
                continue
            record = count(subject, cpu, counter)
            results = results.with_record(record)
            write_results(results, output)
            told(record, False)
    return results
