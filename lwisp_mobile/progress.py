"""Progress bars: on stderr, and only when somebody looks at a terminal."""

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TypeVar, cast

from tqdm import tqdm

__all__ = ["StepBar", "progress"]

T = TypeVar("T")


def progress(items: Iterable[T], *, label: str, unit: str = "it", total: int | None = None) -> Iterator[T]:
    """Yield items while a bar with label counts them; nothing is shown when stderr isn't a terminal.

    total: how many items there are, where len(items) can't tell.
    """
    # disable=None is tqdm's word for "not on a terminal".
    return cast(Iterator[T], iter(tqdm(items, desc=label, unit=unit, total=total, leave=False, disable=None)))


class StepBar:
    """A bar over the named parts of one piece of work; a context manager, silent off a terminal."""

    def __init__(self, steps: int, label: str) -> None:
        """steps: how many parts there will be."""
        self._bar = tqdm(total=steps, desc=label, unit="step", leave=False, disable=None)
        self._started = False

    def __enter__(self) -> "StepBar":
        """Return the bar."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the bar."""
        self._bar.close()

    def step(self, name: str) -> None:
        """Say that a part starts; the one before it is done."""
        if self._started:
            self._bar.update()
        self._started = True
        self._bar.set_postfix_str(name)
