"""Hostile results files: the harness's and the app's are read, or refused by an LwispError that names the file."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lwisp_bench.errors import ResultsError
from lwisp_bench.results.app_results import measurements_of
from lwisp_bench.results.results_file import Results
from lwisp_bench.results.terminal import record_lines
from lwisp_mobile.serialize.json_text import to_json
from tests.bench.synthetic_records import timed_record

APP_RUN = (Path(__file__).parents[1] / "app_run.json").read_text(encoding="utf-8")
GOOD = (to_json(Results(records=(timed_record([10.0] * 20),))), APP_RUN)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner), max_leaves=8)


def places(tree: Any) -> list[tuple[Any, Any]]:
    """Every place in a tree that holds a value."""
    keys = list(tree) if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else []
    return [place for key in keys for place in [(tree, key), *places(tree[key])]]


@pytest.mark.parametrize("text", GOOD, ids=["harness", "app"])
def test_undamaged(text: str) -> None:
    assert len(measurements_of(json.loads(text), Path("a.json")).records) == 1


@settings(deadline=None)
@given(data=st.data(), text=st.sampled_from(GOOD))
def test_any_value_anywhere(data: st.DataObject, text: str) -> None:
    tree = json.loads(text)
    owner, key = data.draw(st.sampled_from(places(tree)))
    owner[key] = data.draw(TREES)
    try:
        results = measurements_of(tree, Path("a.json"))
    except ResultsError as error:
        assert "a.json" in str(error)  # noqa: PT017
        return
    assert all(record_lines(one, False) for one in results.records)


@settings(deadline=None)
@given(tree=TREES)
def test_any_tree(tree: Any) -> None:
    with pytest.raises(ResultsError, match=r"a\.json"):
        measurements_of(tree, Path("a.json"))
