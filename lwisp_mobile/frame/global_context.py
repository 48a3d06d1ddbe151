"""The context sample: what a frame's image-wide quantities (channel gates, global vector) are taken from.

A regular grid of crops at full resolution, put together to one small frame. A reduced frame wouldn't do: it has less
noise than the frame, and the gates follow the noise.
"""

from collections.abc import Callable
from itertools import accumulate, pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import ContextContract, ModelContract
from lwisp_mobile.errors import UsageError

Spans = tuple[tuple[int, int], ...]
"""Places of the crops along one side: (start, stop) in packed px, in order."""


class Planes(Protocol):
    """A frame's packed planes, made where they are asked for."""

    @property
    def height_px(self) -> int:
        """Packed rows."""

    @property
    def width_px(self) -> int:
        """Packed columns."""

    def fill(
        self,
        out: NDArray[Any],
        top_px: int = 0,
        left_px: int = 0,
        encode: Callable[[NDArray[np.float32]], NDArray[Any]] | None = None,
    ) -> None:
        """Fill `out`, (h, w, 4), with the part that begins at a packed row and column.

        encode: turns values in [0, 1] into the type of `out`, element by element; None: it's float32.
        """


def context_sample(planes: NDArray[np.float32], contract: ModelContract) -> NDArray[np.float32]:
    """Cut the grid of crops out of a frame, from edge to edge, and put it together.

    planes: (h, w, 4) float32, a whole prepared frame. Returns (H, W, 4), H and W at most grid * crop_px and multiples
    of the contract's size_multiple; a side that isn't longer than the grid contributes itself. A copy. Raises
    UsageError on a side under size_multiple.
    """
    rows, columns = (
        _indices(crop_spans(side, contract.context, contract.input.size_multiple)) for side in planes.shape[:2]
    )
    return planes[np.ix_(rows, columns)]


def gather_sample(planes: Planes, contract: ModelContract) -> NDArray[np.float32]:
    """As `context_sample`, preparing only what the sample contains."""
    rows, columns = (
        crop_spans(side, contract.context, contract.input.size_multiple) for side in (planes.height_px, planes.width_px)
    )
    sample = np.empty((len(_indices(rows)), len(_indices(columns)), len(contract.input.planes)), np.float32)
    for row, sample_rows in zip(rows, _places(rows)):
        for column, sample_columns in zip(columns, _places(columns)):
            planes.fill(sample[sample_rows, sample_columns], row[0], column[0])
    return sample


def crop_spans(side_px: int, context: ContextContract, size_multiple: int) -> Spans:
    """Where the crops lie along one side of a frame: (start, stop) in packed px, in order.

    Raises UsageError if the side is under size_multiple.
    """
    if side_px < size_multiple:
        raise UsageError(f"A side of {side_px} packed px is under {size_multiple}; prepare a larger frame.")
    if side_px <= context.grid * context.crop_px:
        return ((0, side_px - side_px % size_multiple),)
    last, gaps = side_px - context.crop_px, context.grid - 1
    # Whole numbers only, halves up: every language gives the same places.
    starts = [(2 * index * last + gaps) // (2 * gaps) for index in range(context.grid)]
    return tuple((start, start + context.crop_px) for start in starts)


def _indices(spans: Spans) -> NDArray[np.intp]:
    return np.concatenate([np.arange(*span) for span in spans])


def _places(spans: Spans) -> list[slice]:
    """Where the crops lie in the sample: end to end."""
    ends = list(accumulate((stop - start for start, stop in spans), initial=0))
    return [slice(*pair) for pair in pairwise(ends)]
