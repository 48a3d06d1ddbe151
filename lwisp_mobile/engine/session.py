"""Session: a model ready to run, quantising and dequantising only at its edge."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import ModelContract, TensorSpec
from lwisp_mobile.engine.delegate_check import Ran, check_delegate
from lwisp_mobile.engine.delegates import CPU
from lwisp_mobile.engine.interpreter import Loaded, Target, load, pack
from lwisp_mobile.engine.signature import Codes, Signature, Tensor
from lwisp_mobile.errors import ContractError, NonFiniteError, UsageError
from lwisp_mobile.memory import give_back

DEFAULT_TARGET = Target()
"""LiteRT, or what there is, on the CPU."""


@dataclass(frozen=True)
class Context:
    """The image-wide quantities of one frame: what its tiles share."""

    codes: Mapping[str, Codes]
    """Channel gates and global vector by the contract's names, each (1, 1, 1, channels) in the model's own type."""


@dataclass(frozen=True)
class Lanes:
    """An interpreter for each lane, and what frames leave with them for the next one."""

    interpreters: tuple[Loaded, ...]
    signatures: dict[str, tuple[Signature, ...]] = field(default_factory=dict)
    maps: dict[str, Codes] = field(default_factory=dict)
    """Memory of the last frame's maps, by their names."""

    def signature(self, name: str) -> tuple[Signature, ...]:
        """A signature in every lane."""
        if name not in self.signatures:
            self.signatures[name] = tuple(Signature(interpreter, name) for interpreter in self.interpreters)
        return self.signatures[name]


class _Opened(threading.local):
    """What one thread keeps."""

    def __init__(self) -> None:
        self.signatures: dict[str, Signature] = {}
        self.lanes: Lanes | None = None


class Session:
    """Runs packed planes through a model.

    A context manager. Threads may share one: each gets interpreters of its own, at its first call. Arrays that are
    returned are the caller's own: no later call writes to them. Arrays that are given are only read, and not kept.
    """

    def __init__(
        self, model: bytes, contract: ModelContract, *, threads: int = 2, target: Target = DEFAULT_TARGET
    ) -> None:
        """Load a model that was checked against its hash (`Bundle.read`).

        threads: for each call, on the CPU. target: engine and delegate. Raises ModelError if the engine refuses the
        model, ContractError if its tensors aren't what the contract says, DelegateError if the delegate can't be used.
        """
        if threads < 1:
            raise UsageError(f"threads is {threads}; give 1 or more.")
        self.contract = contract
        self.threads, self.target = threads, target
        self.ran: Ran | None = check_delegate(model, target, threads)
        """What the delegate runs; None for the CPU's where nothing was required."""
        self._model = model
        self._opened: _Opened | None = _Opened()
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
        NonFiniteError on NaN or infinity in or out, ModelError if the engine fails (out of memory, say).
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
    def open(self, signature: str, *, keep: bool = False) -> Iterator[Signature]:
        """Lend one signature in an interpreter of its own, for this thread.

        keep: its buffers stay for the thread's next call; else their memory is free again afterwards.
        Raises ModelError if the model has no such signature, UsageError if the session is closed.
        """
        if keep:
            yield self._signature(signature)
            return
        self._threads_own().signatures.pop(signature, None)
        with Signature(load(self._model, self.threads, self.target), signature) as opened:
            yield opened

    @contextmanager
    def open_lanes(self, signature: str, lanes: int, *, keep: bool = False) -> Iterator[tuple[Signature, ...]]:
        """Lend one signature to lanes that share the session's threads, in an interpreter each. Else as `open`.

        keep: a lane has one interpreter for all its signatures; they are loaded once and share what they can.
        """
        if keep:
            yield self.load_lanes(lanes).signature(signature)
            return
        self._threads_own().lanes = None
        give_back()
        with ExitStack() as stack:
            yield tuple(stack.enter_context(Signature(loaded, signature)) for loaded in self._load(lanes))

    def load_lanes(self, lanes: int) -> Lanes:
        """Load what `open_lanes` keeps for this thread, unless it's there. Other numbers of lanes are freed."""
        own = self._threads_own()
        if own.lanes is None or len(own.lanes.interpreters) != lanes:
            own.lanes = None
            own.lanes = Lanes(tuple(self._load(lanes)))
            self._lay_out(own.lanes)
        return own.lanes

    def _lay_out(self, lanes: Lanes) -> None:
        """Have the engine do now what doesn't depend on the frame: weights, and the buffers of the context's sample."""
        multiple, planes = self.contract.input.size_multiple, len(self.contract.input.planes)
        for loaded in lanes.interpreters:
            pack(loaded, (1, multiple, multiple, planes))
        if self.contract.context_tensors:
            spec, side_px = self.contract.input_tensor, self.contract.context.grid * self.contract.context.crop_px
            lanes.signature("context")[-1].run({spec.name: np.zeros((1, side_px, side_px, planes), spec.dtype)})

    def _load(self, lanes: int) -> Iterator[Loaded]:
        """An interpreter for each lane, the threads shared out among them."""
        threads = max(1, self.threads // lanes)
        return (load(self._model, threads, self.target) for _ in range(lanes))

    def _signature(self, name: str) -> Signature:
        """This thread's interpreter for a signature, opened at the first call."""
        opened = self._threads_own().signatures
        if name not in opened:
            opened[name] = Signature(load(self._model, self.threads, self.target), name)
        return opened[name]

    @property
    def lanes_wanted(self) -> int:
        """Lanes that may run tiles side by side: the CPU's threads; one for an accelerator."""
        return self.threads if self.target.delegate == CPU else 1

    def _threads_own(self) -> _Opened:
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

    def _picture(self, signature: Signature, inputs: Mapping[str, Codes]) -> NDArray[np.float32]:
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


def _check_tensor(spec: TensorSpec, found_by_name: Mapping[str, Tensor]) -> None:
    if spec.name not in found_by_name:
        raise ContractError(
            f"The model has no tensor {spec.name!r}; it has {', '.join(found_by_name)}. Export it again."
        )
    found = found_by_name[spec.name]
    same_step = spec.scale is None or (
        np.float32(spec.scale) == np.float32(found.scale) and spec.zero_point == found.zero_point
    )
    if found.dtype != np.dtype(spec.dtype) or not same_step:
        raise ContractError(
            f"Tensor {spec.name!r} is {found.dtype} with scale {found.scale} and zero point {found.zero_point}; "
            f"the contract says {spec.dtype}, {spec.scale}, {spec.zero_point}. Export it again."
        )
