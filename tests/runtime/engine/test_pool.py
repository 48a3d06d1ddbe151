"""The pool: what is lent, what is kept, and that buffers of one layout never serve another."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from lwisp_mobile import shipped_bundle
from lwisp_mobile.engine.interpreter import Target
from lwisp_mobile.engine.pool import InterpreterPool
from lwisp_mobile.engine.signature import Signature
from lwisp_mobile.errors import ModelError, UsageError


@pytest.fixture
def pool() -> Iterator[InterpreterPool]:
    made = InterpreterPool(shipped_bundle().read("int8"), threads=2, target=Target())
    yield made
    made.close()


def run_context(signature: Signature, side: int) -> list[np.ndarray]:
    packed = np.random.default_rng(side).integers(-128, 128, (1, side, side, 4)).astype(np.int8)
    return list(signature.run({"packed": packed}).values())


def test_a_threads_own_signature_is_kept(pool: InterpreterPool) -> None:
    assert pool.signature("context") is pool.signature("context")
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(pool.signature, "context").result() is not pool.signature("context")


def test_workers_share_the_threads_and_run_side_by_side(pool: InterpreterPool) -> None:
    with pool.open("context", 2) as signatures, ThreadPoolExecutor(2) as threads:
        assert [signature.loaded.threads for signature in signatures] == [1, 1]
        found = list(threads.map(lambda signature: run_context(signature, 32), signatures))
    assert all(np.array_equal(one, other) for one, other in zip(*found))


def test_interpreters_stay_for_calls_of_an_equal_layout(pool: InterpreterPool) -> None:
    with pool.open("context", 2, layout="a") as first:
        run_context(first[0], 32)
    with pool.open("context", 2, layout="a") as again, pool.open("render", 2, layout="a") as render:
        assert [signature.loaded for signature in again] == [signature.loaded for signature in render]
        assert again[0].loaded is first[0].loaded


@pytest.mark.parametrize(("workers", "layout"), [(2, "b"), (1, "a"), (2, None)])
def test_others_get_new_interpreters(pool: InterpreterPool, workers: int, layout: str | None) -> None:
    """An interpreter that is resized gives other gates."""
    with pool.open("context", 2, layout="a") as first:
        run_context(first[0], 16)
    with pool.open("context", workers, layout=layout) as (signature, *_others):
        found = run_context(signature, 128)
    expected = run_context(pool.signature("context"), 128)
    assert all(np.array_equal(one, other) for one, other in zip(found, expected))


def test_prepared_workers_serve_the_first_layout(pool: InterpreterPool) -> None:
    pool.prepare(2, (1, 16, 16, 4))
    with pool.open("context", 2, layout="a") as (signature, _other):
        found = run_context(signature, 64)
    expected = run_context(pool.signature("context"), 64)
    assert all(np.array_equal(one, other) for one, other in zip(found, expected))


def test_an_unknown_signature_and_a_closed_pool_are_named(pool: InterpreterPool) -> None:
    with pytest.raises(ModelError, match="refuses"), pool.open("unheard_of", 1):
        pass
    pool.close()
    with pytest.raises(UsageError, match="closed"):
        pool.signature("context")
