"""The JSON Schema of the results file, made from the dataclasses that write it: `python -m lwisp_bench.results.schema`.

The made file, `results.schema.json`, ships with the package for readers in other languages.
"""

import sys
from importlib.resources import files

from lwisp_bench.results.file import RESULTS_VERSION, Results
from lwisp_mobile.serialize.json_schema import Schema, schema_of
from lwisp_mobile.serialize.json_text import to_json


def results_schema() -> Schema:
    """The schema of a results file of this version."""
    return schema_of(Results, "Results of lwisp bench", results_version=RESULTS_VERSION)


def shipped_schema() -> str:
    """The text of the schema that ships."""
    return files(__package__).joinpath("results.schema.json").read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.stdout.write(to_json(results_schema()) + "\n")
