"""The results file: versioned JSON, written as a whole after every case, and continued if it exists."""

import json
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from lwisp_bench.errors import ResultsError
from lwisp_bench.results.record import Record
from lwisp_mobile.serialize.files import atomic_write, read_file
from lwisp_mobile.serialize.from_dict import from_dict
from lwisp_mobile.serialize.json_text import to_json

RESULTS_VERSION = 2
MAX_BYTES = 512 << 20
"""Of a results file; a measured case takes some hundred kilobytes."""
"""Incremented with every incompatible change; `results.schema.json` describes this version."""


@dataclass(frozen=True)
class Results:
    """The records of one file, in the order in which cases were first tried."""

    results_version: int = RESULTS_VERSION
    tool: str = "lwisp-mobile"
    tool_version: str = version("lwisp-mobile")
    records: tuple[Record, ...] = ()

    def find(self, case_id: str) -> Record | None:
        """The record of a case; None if it hasn't been tried."""
        return next((record for record in self.records if record.case_id == case_id), None)

    def with_record(self, record: Record) -> "Results":
        """These results with a record added, or replacing that of the same case."""
        if self.find(record.case_id) is None:
            return replace(self, records=(*self.records, record))
        return replace(self, records=tuple(record if r.case_id == record.case_id else r for r in self.records))


def read_results(path: Path) -> Results:
    """Read a results file. Raises ResultsError if it is malformed or of another version, OSError."""
    return results_of(read_tree(path), path)


def read_tree(path: Path) -> object:
    """A file's JSON. Raises ResultsError if it can't be read or isn't JSON."""
    if path.suffix == ".tflite":
        raise ResultsError(f"{path} is a model, not results. Two models are compared by `lwisp bench ab A B`.")
    try:
        return json.loads(read_file(path, MAX_BYTES))
    except OSError as error:
        raise ResultsError(
            f"{path} can't be read ({error.strerror}). Give a file that `lwisp bench run` wrote."
        ) from error
    except (ValueError, RecursionError) as error:
        raise ResultsError(f"{path} isn't JSON ({error}). Give a file that `lwisp bench run` wrote.") from error


def results_of(tree: object, path: Path) -> Results:
    """Results from a file's JSON. Raises ResultsError if it's of another kind or version."""
    found = tree.get("results_version") if isinstance(tree, dict) else None
    if found != RESULTS_VERSION:
        raise ResultsError(f"{path}: results version {found!r}; this release reads {RESULTS_VERSION}. Measure again.")
    return from_dict(Results, tree, str(path), ResultsError)


def write_results(results: Results, path: Path) -> None:
    """Write a results file atomically."""
    with atomic_write(path) as temporary:
        temporary.write_text(to_json(results, indent=None) + "\n", encoding="utf-8")


class ResultsFile:
    """A results file that grows case by case; continued if it exists."""

    def __init__(self, path: Path) -> None:
        """Raises ResultsError if the file is of another kind or version."""
        self._path = path
        self.results = read_results(path) if path.exists() else Results()

    def add(self, record: Record) -> None:
        """Add a record, or replace that of its case, and write the file."""
        self.results = self.results.with_record(record)
        write_results(self.results, self._path)
