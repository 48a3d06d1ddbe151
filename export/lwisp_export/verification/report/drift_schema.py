"""The JSON Schema of drift_report.json, generated from its dataclasses.

`python -m lwisp_export.verification.report.drift_schema` prints it. `drift_report.schema.json`, beside this module, is
that text, for readers in other languages.
"""

import sys

from lwisp_export.verification.report.drift_figures import REPORT_VERSION, DriftFigures
from lwisp_mobile.serialize.json_schema import Schema, schema_of
from lwisp_mobile.serialize.json_text import to_json


def drift_schema() -> Schema:
    """The schema of a drift report of this version."""
    return schema_of(DriftFigures, "INT8 against float, by lwisp verify --report", report_version=REPORT_VERSION)


if __name__ == "__main__":
    sys.stdout.write(to_json(drift_schema()) + "\n")
