"""Session: a model ready to run, quantising and dequantising only at its edge."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import ModelContract, TensorSpec
from lwisp_mobile.errors import ContractError, ModelError, NonFiniteError, UsageError, missing_runtime

Codes = NDArray[Any]
"""A tensor as the model holds it: int8, or float32 in a float model."""


@dataclass(frozen=True)
class Context:
    """The image-wide quantities of one frame: what its tiles share."""

    codes: Mapping[str, Codes]
    """Channel gates and global vector by the contract's names, each (1, 1, 1, channels) in the model's own type."""


@dataclass(frozen=True)
class Tensor:
    """An input or output as the interpreter describes it."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    scale: float
    """0 for a float tensor."""
    zero_point: int


class Session:
    """Runs packed planes through a model on the CPU (XNNPACK).

    A context manager. Threads may share one: each gets interpreters of its own, at its first call. Arrays that are
    returned are the caller's own; arrays that are given are only read.
    """

    def __init__(self, model: bytes, contract: ModelContract, *, threads: int = 2) -> None:
        """Load a model that was checked against its hash (`Bundle.read`). threads: for each call.

        Raises ModelError if LiteRT refuses it, ContractError if its tensors aren't what the contract says.
        """
        if threads < 1:
            raise UsageError(f"threads is {threads}; give 1 or more.")
        self.contract = contract
        self._model, self._threads = model, threads
        self._opened: threading.local | None = threading.local()
        signature = self._signature(contract.signature)
        _check_tensor(contract.input_tensor, signature.inputs)
        _check_tensor(contract.output_tensor, signature.outputs)

    def __enter__(self) -> "Session":
        """Return the session."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Free the interpreters of all threads and their buffers."""
        self._opened = None

    def run(self, packed: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run one frame by itself.

        packed: (h, w, 4) float32 in [0, 1], sides multiples of the contract's size_multiple.
        Returns sRGB (2h, 2w, 3) float32 in [0, 1]. Raises UsageError on a wrong shape,
        NonFiniteError on NaN or infinity in or out, ModelError if LiteRT fails (out of memory, say).
        """
        return self._picture(self._signature(self.contract.signature), self._input(packed))

    def context(self, sample: NDArray[np.float32]) -> Context:
        """Take the image-wide quantities from a frame's sample (`context_sample`).

        sample: as `run` takes it. Raises as `run` does, and ContractError if the model can't.
        """
        self._check_signatures()
        return Context(self._signature("context").run(self._input(sample)))

    def develop(self, packed: NDArray[np.float32], context: Context) -> NDArray[np.float32]:
        """Run a frame or a tile with a frame's context; else as `run`."""
        self._check_signatures()
        return self._picture(self._signature("develop"), {**self._input(packed), **context.codes})

    @contextmanager
    def open(self, signature: str, *, keep: bool = False) -> Iterator["Signature"]:
        """Lend one signature in an interpreter of its own, for this thread.

        keep: its buffers stay for the thread's next call; else their memory is free again afterwards. Raises ModelError
        if the model has no such signature, UsageError if the session is closed.
        """
        if keep:
            yield self._signature(signature)
            return
        vars(self._threads_own()).pop(signature, None)
        with Signature(self._model, signature, self._threads) as opened:
            yield opened

    def _signature(self, name: str) -> "Signature":
        """This thread's interpreter for a signature, opened at the first call."""
        opened = vars(self._threads_own())
        if name not in opened:
            opened[name] = Signature(self._model, name, self._threads)
        found: Signature = opened[name]
        return found

    def _threads_own(self) -> threading.local:
        if self._opened is None:
            raise UsageError("The session is closed; open another.")
        return self._opened

    def _check_signatures(self) -> None:
        if not self.contract.context_tensors:
            raise ContractError(f"The contract of {self.contract.name!r} names no context; export the model again.")

    def _input(self, packed: NDArray[np.float32]) -> dict[str, Codes]:
        self._check_input(packed)
        spec = self.contract.input_tensor
        return {spec.name: quantise(packed, spec)[None]}

    def _picture(self, signature: "Signature", inputs: Mapping[str, Codes]) -> NDArray[np.float32]:
        spec = self.contract.output_tensor
        rgb = dequantise(signature.run(inputs)[spec.name][0], spec)
        check_finite(rgb)
        return rgb

    def _check_input(self, packed: NDArray[np.float32]) -> None:
        multiple, planes = self.contract.input.size_multiple, len(self.contract.input.planes)
        fits = packed.ndim == 3 and packed.shape[2] == planes and packed.size > 0
        if not fits or packed.shape[0] % multiple or packed.shape[1] % multiple:
            raise UsageError(
                f"Input of shape {packed.shape} doesn't fit: (h, w, {planes}) with h and w multiples of {multiple} "
                "is needed (contract.json); `prepare` makes such planes from a RawImage."
            )
        if not np.isfinite(packed).all():
            raise NonFiniteError("The input holds NaN or infinity; check the RAW's levels and white balance.")


class Signature:
    """One signature of a model in an interpreter of its own; a context manager, for one thread."""

    def __init__(self, model: bytes, name: str, threads: int) -> None:
        """Load the model. Raises ModelError if LiteRT refuses it or it has no such signature."""
        self.name = name
        self._model, self._threads = model, threads
        self._runner: Any = _load_runner(model, name, threads)
        self._shapes: dict[str, tuple[int, ...]] | None = None
        self.inputs = _tensors(self._runner.get_input_details())
        """By name, at the size stored in the file."""
        self.outputs = _tensors(self._runner.get_output_details())

    def __enter__(self) -> "Signature":
        """Return the signature."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Free the interpreter and its buffers."""
        self._runner = None

    def run(self, inputs: Mapping[str, Codes]) -> dict[str, Codes]:
        """Run once. inputs: by name, in the model's types, with the batch axis. Returns the outputs, the caller's own.

        Buffers are kept between runs of one size. Raises ModelError if LiteRT fails.
        """
        self._fit({name: codes.shape for name, codes in inputs.items()})
        try:
            found: dict[str, Codes] = self._runner(**inputs)
        except (RuntimeError, ValueError) as error:
            sizes = ", ".join(f"{name} {codes.shape[2]}x{codes.shape[1]}" for name, codes in inputs.items())
            raise ModelError(
                f"LiteRT couldn't run {sizes} px ({error}). Free memory or develop a smaller frame."
            ) from error
        return found

    def _fit(self, shapes: dict[str, tuple[int, ...]]) -> None:
        """Load anew for another size.

        LiteRT 2.3 doesn't say so, but an int8 MEAN over space gives wrong values (gates off by 0.14 of 1) in an
        interpreter whose input has grown. Loading takes milliseconds, less than resizing does.
        """
        if self._shapes not in (None, shapes):
            self._runner = _load_runner(self._model, self.name, self._threads)
        self._shapes = shapes


def tensor_spec(name: str, details: Mapping[str, Any]) -> TensorSpec:
    """A tensor's type and step from the interpreter's description of it."""
    scale, zero_point = details["quantization"]
    return TensorSpec(name, np.dtype(details["dtype"]).name, float(scale) or None, int(zero_point) if scale else None)


def quantise(values: NDArray[np.float32], spec: TensorSpec) -> Codes:
    """Real values to a tensor's type: round(v / scale) + zero_point, clipped; unchanged for float."""
    if spec.scale is None or spec.zero_point is None:
        return values.astype(np.float32, copy=False)
    limits = np.iinfo(spec.dtype)
    codes = values * np.float32(1 / spec.scale)
    np.rint(codes, out=codes)
    codes += np.float32(spec.zero_point)
    return np.asarray(np.clip(codes, limits.min, limits.max, out=codes), spec.dtype)


def dequantise(codes: Codes, spec: TensorSpec) -> NDArray[np.float32]:
    """A tensor to real values: (q - zero_point) * scale; unchanged for float."""
    if spec.scale is None or spec.zero_point is None:
        return codes.astype(np.float32, copy=False)
    return (codes.astype(np.float32) - np.float32(spec.zero_point)) * np.float32(spec.scale)


def check_finite(rgb: NDArray[np.float32]) -> None:
    """Raise NonFiniteError if a model's picture holds NaN or infinity."""
    if not np.isfinite(rgb).all():
        raise NonFiniteError("The model gave NaN or infinity; its weights or its input are broken.")


def _load_runner(model: bytes, name: str, threads: int) -> Any:
    # Imported here so that reading RAW files and contracts doesn't wait for the engine.
    try:
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415
    except ImportError as error:
        raise missing_runtime(error) from error
    try:
        return Interpreter(model_content=model, num_threads=threads).get_signature_runner(name)
    except (RuntimeError, ValueError) as error:
        raise ModelError(f"LiteRT refuses the model ({error}). Export it again or copy the bundle again.") from error


def _tensors(details: Mapping[str, Mapping[str, Any]]) -> dict[str, Tensor]:
    return {
        name: Tensor(tuple(map(int, found["shape"])), np.dtype(found["dtype"]), *found["quantization"])
        for name, found in details.items()
    }


def _check_tensor(spec: TensorSpec, tensors: Mapping[str, Tensor]) -> None:
    if spec.name not in tensors:
        raise ContractError(f"The model has no tensor {spec.name!r}; it has {', '.join(tensors)}. Export it again.")
    found = tensors[spec.name]
    same_step = spec.scale is None or (
        np.float32(spec.scale) == np.float32(found.scale) and spec.zero_point == found.zero_point
    )
    if found.dtype != np.dtype(spec.dtype) or not same_step:
        raise ContractError(
            f"Tensor {spec.name!r} is {found.dtype} with scale {found.scale} and zero point {found.zero_point}; "
            f"the contract says {spec.dtype}, {spec.scale}, {spec.zero_point}. Export it again."
        )
