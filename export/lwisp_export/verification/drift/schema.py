"""The JSON Schema of drift.json, made from its dataclasses: `python -m lwisp_export.verification.drift.schema`.

The made file, `drift.schema.json`, ships with the package for readers in other languages.
"""

import sys
from importlib.resources import files

from lwisp_export.verification.drift.page_data import REPORT_VERSION, DriftPage
from lwisp_mobile.serialize.json_schema import Schema, schema_of
from lwisp_mobile.serialize.json_text import to_json


def drift_schema() -> Schema:
    """The schema of a drift report of this version."""
    return schema_of(DriftPage, "INT8 against float, by lwisp verify --report", report_version=REPORT_VERSION)


def shipped_schema() -> str:
    """The text of the schema that ships."""
    return files(__package__).joinpath("drift.schema.json").read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.stdout.write(to_json(drift_schema()) + "\n")
