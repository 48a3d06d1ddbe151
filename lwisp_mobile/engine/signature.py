"""One signature of a model in an interpreter, run on the model's own types."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lwisp_mobile.engine.interpreter import Loaded, load, runner
from lwisp_mobile.engine.quantization import Values
from lwisp_mobile.errors import ModelError


@dataclass(frozen=True)
class Tensor:
    """An input or output as the interpreter describes it."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    scale: float
    """0 for a float tensor."""
    zero_point: int


class Signature:
    """One signature of a model in an interpreter, for one thread at a time."""

    def __init__(self, loaded: Loaded, name: str) -> None:
        """Take a signature. Raises ModelError if the model has none of this name."""
        self.name = name
        self.loaded = loaded
        self._runner: Any = runner(loaded, name)
        self._shapes: dict[str, tuple[int, ...]] | None = None
        self.inputs = _tensors(self._runner.get_input_details())
        """By name, at the size stored in the file."""
        self.outputs = _tensors(self._runner.get_output_details())

    def close(self) -> None:
        """Free the interpreter and its buffers, unless others use it; no more runs."""
        self._runner = self.loaded = None  # type: ignore[assignment]

    def run(self, inputs: Mapping[str, Values]) -> dict[str, Values]:
        """Run once. inputs: by name, in the model's types, with the batch axis. Returns the outputs, the caller's own.

        Buffers are kept between runs of one size. Raises ModelError if the engine fails.
        """
        self._fit({name: values.shape for name, values in inputs.items()})
        try:
            found: dict[str, Values] = self._runner(**inputs)
        except (RuntimeError, ValueError) as error:
            sizes = ", ".join(f"{name} {values.shape[2]}x{values.shape[1]}" for name, values in inputs.items())
            raise ModelError(
                f"The engine couldn't run {sizes} px ({error}). Free memory or develop a smaller frame."
            ) from error
        return found

    def _fit(self, shapes: dict[str, tuple[int, ...]]) -> None:
        """Load the model again for another size.

        LiteRT 2.3 doesn't say so, but an int8 MEAN over space gives wrong values (gates off by 0.14 of 1) in an
        interpreter whose input has grown. Loading takes milliseconds, less than resizing does.
        """
        if self._shapes not in (None, shapes):
            self.loaded = load(self.loaded.model, self.loaded.threads, self.loaded.target)
            self._runner = runner(self.loaded, self.name)
        self._shapes = shapes


def _tensors(details: Mapping[str, Mapping[str, Any]]) -> dict[str, Tensor]:
    return {
        name: Tensor(tuple(map(int, found["shape"])), np.dtype(found["dtype"]), *found["quantization"])
        for name, found in details.items()
    }
