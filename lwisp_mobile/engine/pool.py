"""Interpreters of one model: every thread that calls has its own, and its workers' beside them."""

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from lwisp_mobile.engine.interpreter import Loaded, Target, allocate, load
from lwisp_mobile.engine.signature import Signature
from lwisp_mobile.errors import UsageError


class Workers:
    """An interpreter for each worker, and the signatures that were taken from them."""

    def __init__(self, interpreters: tuple[Loaded, ...]) -> None:
        """interpreters: one for each worker, all of one model."""
        self.interpreters = interpreters
        self.layout: Hashable = None
        """What the interpreters' buffers were made for; None as long as none were."""
        self._signatures: dict[str, tuple[Signature, ...]] = {}

    def signatures(self, name: str) -> tuple[Signature, ...]:
        """One signature, in every worker's interpreter."""
        if name not in self._signatures:
            self._signatures[name] = tuple(Signature(interpreter, name) for interpreter in self.interpreters)
        return self._signatures[name]

    def close(self) -> None:
        """Free the interpreters and their buffers, whoever still holds a signature."""
        for signature in (each for of_name in self._signatures.values() for each in of_name):
            signature.close()
        self.interpreters = ()


class _ThreadsOwn(threading.local):
    """What one thread keeps."""

    def __init__(self) -> None:
        self.signatures: dict[str, Signature] = {}
        self.workers: Workers | None = None


class InterpreterPool:
    """Loads a model as often as callers need it, and keeps what they will need again."""

    def __init__(self, model: bytes, threads: int, target: Target) -> None:
        """threads: on the CPU, shared out among the workers of one caller."""
        self._model, self._threads, self._target = model, threads, target
        self._opened: _ThreadsOwn | None = _ThreadsOwn()

    def close(self) -> None:
        """Free the interpreters of all threads."""
        self._opened = None

    def signature(self, name: str) -> Signature:
        """A signature of this thread, in an interpreter of its own; loaded at the first call and kept.

        Raises ModelError if the model has none of this name, UsageError if the pool is closed.
        """
        kept = self._own().signatures
        if name not in kept:
            kept[name] = Signature(load(self._model, self._threads, self._target), name)
        return kept[name]

    @contextmanager
    def open(self, name: str, workers: int, *, layout: Hashable = None) -> Iterator[tuple[Signature, ...]]:
        """Lend one signature to workers that share the threads, in an interpreter each.

        layout: whatever tells the sizes of all runs; the interpreters and their buffers stay for calls of an equal
        one. None: they are loaded for this call, and freed after it. Raises as `signature` does.
        """
        if layout is not None:
            yield self._fitting(workers, layout).signatures(name)
            return
        self._free()
        opened = self._load(workers)
        try:
            yield opened.signatures(name)
        finally:
            opened.close()

    def prepare(self, workers: int, input_shape: tuple[int, ...]) -> None:
        """Load what this thread's next call of `open` will need, and have the engine lay out the weights.

        input_shape: a small one, for the model's first signature.
        """
        self._free()
        own = self._own()
        own.workers = self._load(workers)
        for interpreter in own.workers.interpreters:
            allocate(interpreter, input_shape)

    def _fitting(self, workers: int, layout: Hashable) -> Workers:
        """This thread's workers for a layout: those of the last call, if they fit.

        Interpreters aren't resized: buffers of both sizes would stay, and see `Signature`.
        """
        own = self._own()
        found = own.workers
        if found is None or len(found.interpreters) != workers or found.layout not in (None, layout):
            self._free()
            found = own.workers = self._load(workers)
        found.layout = layout
        return found

    def _load(self, workers: int) -> Workers:
        threads = max(1, self._threads // workers)
        return Workers(tuple(load(self._model, threads, self._target) for _ in range(workers)))

    def _free(self) -> None:
        own = self._own()
        if own.workers is not None:
            own.workers.close()
        own.workers = None

    def _own(self) -> _ThreadsOwn:
        if self._opened is None:
            raise UsageError("The session is closed; open another.")
        return self._opened
