"""Strict building of dataclasses from tables."""

from dataclasses import dataclass, field
from typing import Literal

import pytest

from lwisp_mobile.errors import ModelError, UsageError
from lwisp_mobile.serialize.from_dict import from_dict


@dataclass(frozen=True)
class Leaf:
    share: float
    kind: Literal["a", "b"] = "a"


@dataclass(frozen=True)
class Root:
    name: str
    count: int = 1
    leaf: Leaf = field(default_factory=lambda: Leaf(0.5))
    pair: tuple[int, int] = (1, 2)
    many: tuple[Leaf, ...] = ()
    maybe: float | None = None


def test_everything_is_built() -> None:
    tree = {"name": "n", "leaf": {"share": 1, "kind": "b"}, "pair": [3, 4], "many": [{"share": 0.25}], "maybe": None}
    assert from_dict(Root, tree, "t") == Root("n", 1, Leaf(1.0, "b"), (3, 4), (Leaf(0.25),), None)


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ([], "t must be a table"),
        ({}, "'name' is missing"),
        ({"name": 3}, "name must be str, found 3"),
        ({"name": "n", "count": True}, "count must be int, found True"),
        ({"name": "n", "count": 1.5}, "count must be int"),
        ({"name": "n", "coutn": 1}, "unknown key 'coutn'"),
        ({"name": "n", "leaf": {"share": float("nan")}}, "leaf: share is nan"),
        ({"name": "n", "leaf": {"share": 1, "kind": "c"}}, "must be one of a, b"),
        ({"name": "n", "pair": [1]}, "must have 2 entries, found 1"),
        ({"name": "n", "pair": 1}, "must be a list"),
        ({"name": "n", "many": [{"share": "x"}]}, r"many\[0\]: share must be float"),
        ({"name": "n", "maybe": float("inf")}, "maybe is inf"),
    ],
)
def test_what_is_wrong_is_named(tree: object, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        from_dict(Root, tree, "t")


def test_the_error_type_is_the_callers() -> None:
    with pytest.raises(ModelError):
        from_dict(Root, None, "t", ModelError)
