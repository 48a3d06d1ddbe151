"""The results file: versioned JSON, written whole after every case, and gone on with when it is there."""

import json
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from lwisp_bench.errors import ResultsError
from lwisp_bench.results.record import Record
from lwisp_mobile.serialize.files import atomic_write
from lwisp_mobile.serialize.from_dict import from_dict
from lwisp_mobile.serialize.json_text import to_json

RESULTS_VERSION = 2
"""Goes up when a reader of the last form would go wrong; `results.schema.json` describes this one."""


@dataclass(frozen=True)
class Results:
    """Every record of one file, in the order of the first tries."""

    results_version: int = RESULTS_VERSION
    tool: str = "lwisp-mobile"
    tool_version: str = version("lwisp-mobile")
    records: tuple[Record, ...] = ()

    def find(self, case_id: str) -> Record | None:
        """The record of a case; None if it hasn't been tried."""
        return next((record for record in self.records if record.case_id == case_id), None)

    def with_record(self, record: Record) -> "Results":
        """These results with a record added, or put in place of the one of the same case."""
        if self.find(record.case_id) is None:
            return replace(self, records=(*self.records, record))
        return replace(self, records=tuple(record if r.case_id == record.case_id else r for r in self.records))


def read_results(path: Path) -> Results:
    """Read a results file. Raises ResultsError if it's broken or of another version, OSError if it can't be read."""
    return results_of(read_tree(path), path)


def read_tree(path: Path) -> object:
    """A file's JSON. Raises ResultsError if it isn't JSON, OSError if it can't be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ResultsError(f"{path} isn't JSON ({error}). Give a file that `lwisp bench run` wrote.") from error


def results_of(tree: object, path: Path) -> Results:
    """Results from a file's JSON. Raises ResultsError if it's of another kind or version."""
    found = tree.get("results_version") if isinstance(tree, dict) else None
    if found != RESULTS_VERSION:
        raise ResultsError(f"{path}: results version {found!r}; this release reads {RESULTS_VERSION}. Measure again.")
    return from_dict(Results, tree, str(path), ResultsError)


def write_results(results: Results, path: Path) -> None:
    """Write a results file, whole or not at all."""
    with atomic_write(path) as temporary:
        temporary.write_text(to_json(results, indent=None) + "\n", encoding="utf-8")
