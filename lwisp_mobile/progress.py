"""Progress of long work: how a function reports it, and bars on stderr where somebody watches a terminal."""

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Protocol, TextIO, TypeVar, cast

T = TypeVar("T")


class Progress(Protocol):
    """What a long function calls with the name of each step as the step starts."""

    def __call__(self, step: str, /) -> None:
        """Report that a step starts; the one before it is done."""


def silent(step: str, /) -> None:
    """A `Progress` that reports nothing."""


class StepBar:
    """A `Progress` that is a bar over a known number of steps; a context manager, invisible off a terminal."""

    def __init__(self, steps: int, label: str) -> None:
        """steps: how many there will be."""
        self._bar = _tqdm(total=steps, desc=label, unit="step", leave=False)
        self._started = False

    def __enter__(self) -> "StepBar":
        """Return the bar."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the bar."""
        self._bar.close()

    def __call__(self, step: str, /) -> None:
        """Name the step that starts; the one before it is done."""
        if self._started:
            self._bar.update()
        self._started = True
        self._bar.set_postfix_str(step)


def track(items: Iterable[T], *, label: str, unit: str = "it", total: int | None = None) -> Iterator[T]:
    """Yield items while a bar counts them; invisible off a terminal. total: needed where items has no length."""
    return cast(Iterator[T], iter(_tqdm(items, desc=label, unit=unit, total=total, leave=False)))


def write_line(line: str, stream: TextIO) -> None:
    """Write a line above the bar, if there is one, at once: whoever reads through a pipe sees it as it comes."""
    # In one piece: an interruption between a line and its end would join it with the next.
    _module().tqdm.write(f"{line}\n", file=stream, end="")
    stream.flush()


def _tqdm(items: Iterable[T] | None = None, **options: Any) -> Any:
    # disable=None is tqdm's word for "not on a terminal".
    return _module().tqdm(items, disable=None, **options)


def _module() -> Any:
    # Imported here: most of the library only reports progress, and shouldn't wait for the package that draws bars.
    import tqdm  # noqa: PLC0415

    return tqdm
