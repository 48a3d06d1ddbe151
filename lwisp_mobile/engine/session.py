"""Session: a model ready to run, quantizing and dequantizing only at its edge."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.bundle.lookup import find_bundle
from lwisp_mobile.contract import ModelContract, TensorSpec
from lwisp_mobile.engine.delegate_check import DelegateCheck, check_delegate
from lwisp_mobile.engine.delegates import CPU
from lwisp_mobile.engine.interpreter import Target
from lwisp_mobile.engine.pool import InterpreterPool
from lwisp_mobile.engine.precision import AUTO, choose_precision
from lwisp_mobile.engine.quantization import Values, check_finite, dequantize, quantize
from lwisp_mobile.engine.signature import Tensor
from lwisp_mobile.errors import ContractError, NonFiniteError, UsageError

DEFAULT_TARGET = Target()
"""LiteRT, or what there is, on the CPU."""


@dataclass(frozen=True)
class Context:
    """The image-wide quantities of one frame: what its tiles share."""

    tensors: Mapping[str, Values]
    """Channel gates and global vector by the contract's names, each (1, 1, 1, channels) in the model's own type."""


class Session:
    """Runs packed planes through a model.

    A context manager. Threads may share one: each gets interpreters of its own, at its first call. Arrays that are
    returned are the caller's own: no later call writes to them. Arrays that are given are only read, and not kept.
    """

    def __init__(
        self,
        model: bytes,
        contract: ModelContract,
        *,
        threads: int = 2,
        target: Target = DEFAULT_TARGET,
        notes: tuple[str, ...] = (),
    ) -> None:
        """Load a model that was checked against its hash (`Bundle.read`).

        threads: for each call, on the CPU. target: engine and delegate. notes: why it's this model, kept as `notes`.
        Raises ModelError if the engine refuses the model, ContractError if its tensors aren't what the contract says,
        DelegateError if the delegate can't be used.
        """
        if threads < 1:
            raise UsageError(f"threads is {threads}; give 1 or more.")
        self.contract = contract
        self.threads, self.target = threads, target
        self.notes = notes
        """How `auto` came to this precision; empty if it was chosen."""
        self.delegate_check: DelegateCheck | None = check_delegate(model, target, threads)
        """What the delegate runs; None for the CPU's where nothing was required."""
        self.pool = InterpreterPool(model, threads, target)
        whole = self.pool.signature(contract.whole.name)
        _check_tensor(contract.input_tensor, whole.inputs)
        _check_tensor(contract.output_tensor, whole.outputs)

    @classmethod
    def from_bundle(
        cls,
        bundle: Bundle | str | Path,
        *,
        precision: str = AUTO,
        threads: int = 2,
        target: Target = DEFAULT_TARGET,
    ) -> "Session":
        """Load one model of a bundle, checked against its hash.

        bundle: the name of a shipped bundle, a bundle's folder or .zip (as `find_bundle` takes it), or a loaded one.
        precision: int8, fp16, or another that the bundle contains; auto: INT8 if this CPU runs it faster, else fp16
        (`lwisp_mobile.engine.precision` has the rule).
        Raises BundleError if there's no such bundle or model; else as `Session`.
        """
        found = bundle if isinstance(bundle, Bundle) else find_bundle(bundle)
        chosen = choose_precision(found, precision, target)
        model, contract = found.read(chosen.precision), found.model(chosen.precision).contract
        return cls(model, contract, threads=threads, target=target, notes=chosen.notes)

    def __enter__(self) -> "Session":
        """Return the session."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Free the interpreters of all threads and their buffers."""
        self.pool.close()

    def run(self, packed: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run one frame by itself.

        packed: (h, w, 4) float32 in [0, 1], sides multiples of the contract's size_multiple.
        Returns sRGB (2h, 2w, 3) float32 in [0, 1]. Raises UsageError on a wrong shape,
        NonFiniteError on NaN or infinity in or out, ModelError if the engine fails (out of memory, say).
        """
        return self._picture(self.contract.whole.name, self._input(packed))

    def context(self, sample: NDArray[np.float32]) -> Context:
        """Take the image-wide quantities from a frame's sample (`context_sample`).

        sample: as `run` takes it. Raises as `run` does.
        """
        return Context(self.pool.signature(self.contract.sample.name).run(self._input(sample)))

    def develop(self, packed: NDArray[np.float32], context: Context) -> NDArray[np.float32]:
        """Run a frame or a tile with a frame's context; else as `run`."""
        return self._picture(self.contract.develop.name, {**self._input(packed), **context.tensors})

    @property
    def max_workers(self) -> int:
        """Workers that may run tiles side by side: the CPU's threads; one for an accelerator."""
        return self.threads if self.target.delegate == CPU else 1

    def prepare_workers(self) -> None:
        """Load the workers' interpreters now; else this thread's first large frame does."""
        multiple, planes = self.contract.input.size_multiple, len(self.contract.input.planes)
        self.pool.prepare(self.max_workers, (1, multiple, multiple, planes))

    def _input(self, packed: NDArray[np.float32]) -> dict[str, Values]:
        self._check_input(packed)
        spec = self.contract.input_tensor
        return {spec.name: quantize(packed, spec)[None]}

    def _picture(self, signature: str, inputs: Mapping[str, Values]) -> NDArray[np.float32]:
        spec = self.contract.output_tensor
        rgb = dequantize(self.pool.signature(signature).run(inputs)[spec.name][0], spec)
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
