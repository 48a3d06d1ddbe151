"""The JSON Schema of the results file, generated from its dataclasses: `python -m lwisp_bench.results.schema`.

The generated file, `results.schema.json`, ships with the package for readers in other languages.
"""

import sys

from lwisp_bench.results.results_file import RESULTS_VERSION, Results
from lwisp_mobile.serialize.json_schema import Schema, schema_of
from lwisp_mobile.serialize.json_text import to_json


def results_schema() -> Schema:
    """The schema of a results file of this version."""
    return schema_of(Results, "Results of lwisp bench", results_version=RESULTS_VERSION)


if __name__ == "__main__":
    sys.stdout.write(to_json(results_schema()) + "\n")
