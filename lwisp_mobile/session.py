"""Session: one interpreter running one model, quantising and dequantising only at its edge."""

from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import ModelContract, TensorSpec
from lwisp_mobile.errors import ContractError, ModelError, NonFiniteError, UsageError, missing_runtime


class Session:
    """Runs packed planes through a model on the CPU (XNNPACK).

    The interpreter's input is resized to each frame, and tensors are addressed by the signature's names.
    Not thread-safe: use one Session per thread. A context manager; arrays it returns are the caller's own.
    """

    def __init__(self, model: bytes, contract: ModelContract, *, threads: int = 2) -> None:
        """Load a model that was checked against its hash (`Bundle.read`).

        Raises ModelError if LiteRT refuses it, ContractError if its tensors aren't what the contract says.
        """
        if threads < 1:
            raise UsageError(f"threads is {threads}; give 1 or more.")
        self.contract = contract
        self._runner: Any = _signature_runner(model, contract, threads)
        _check_tensor(contract.input_tensor, self._runner.get_input_details())
        _check_tensor(contract.output_tensor, self._runner.get_output_details())

    def __enter__(self) -> "Session":
        """Return the session."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Free the interpreter and its buffers."""
        self._runner = None

    def run(self, packed: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run one frame.

        packed: (h, w, 4) float32 in [0, 1], sides multiples of the contract's size_multiple.
        Returns sRGB (2h, 2w, 3) float32 in [0, 1]. Raises UsageError on a wrong shape,
        NonFiniteError on NaN or infinity in or out, ModelError if LiteRT fails (out of memory, say).
        """
        if self._runner is None:
            raise UsageError("The session is closed; open another.")
        self._check_input(packed)
        tensor = quantise(packed, self.contract.input_tensor)[None]
        output = self._invoke(tensor)
        rgb = dequantise(output[0], self.contract.output_tensor)
        if not np.isfinite(rgb).all():
            raise NonFiniteError("The model gave NaN or infinity; its weights or its input are broken.")
        return rgb

    def _invoke(self, tensor: NDArray[Any]) -> NDArray[Any]:
        spec_in, spec_out = self.contract.input_tensor, self.contract.output_tensor
        try:
            outputs = self._runner(**{spec_in.name: tensor})
        except (RuntimeError, ValueError) as error:
            raise ModelError(
                f"LiteRT couldn't run a frame of {tensor.shape[2]}x{tensor.shape[1]} packed px ({error}). "
                "Free memory or develop a smaller frame."
            ) from error
        return np.asarray(outputs[spec_out.name])

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


def quantise(values: NDArray[np.float32], spec: TensorSpec) -> NDArray[Any]:
    """Real values to a tensor's type: round(v / scale) + zero_point, clipped; unchanged for float."""
    if spec.scale is None or spec.zero_point is None:
        return values.astype(np.float32, copy=False)
    limits = np.iinfo(spec.dtype)
    codes = np.rint(values * np.float32(1 / spec.scale)) + np.float32(spec.zero_point)
    return np.asarray(np.clip(codes, limits.min, limits.max), spec.dtype)


def dequantise(codes: NDArray[Any], spec: TensorSpec) -> NDArray[np.float32]:
    """A tensor to real values: (q - zero_point) * scale; unchanged for float."""
    if spec.scale is None or spec.zero_point is None:
        return codes.astype(np.float32, copy=False)
    return (codes.astype(np.float32) - np.float32(spec.zero_point)) * np.float32(spec.scale)


def _signature_runner(model: bytes, contract: ModelContract, threads: int) -> Any:
    # Imported here so that reading RAW files and contracts doesn't wait for the engine.
    try:
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415
    except ImportError as error:
        raise missing_runtime(error) from error
    try:
        interpreter = Interpreter(model_content=model, num_threads=threads)
        return interpreter.get_signature_runner(contract.signature)
    except (RuntimeError, ValueError) as error:
        raise ModelError(f"LiteRT refuses the model ({error}). Export it again or copy the bundle again.") from error


def _check_tensor(spec: TensorSpec, details: dict[str, Any]) -> None:
    if spec.name not in details:
        raise ContractError(f"The model has no tensor {spec.name!r}; it has {', '.join(details)}. Export it again.")
    found = details[spec.name]
    scale, zero_point = found["quantization"]
    same_type = np.dtype(found["dtype"]) == np.dtype(spec.dtype)
    same_step = spec.scale is None or (np.float32(spec.scale) == np.float32(scale) and spec.zero_point == zero_point)
    if not (same_type and same_step):
        raise ContractError(
            f"Tensor {spec.name!r} is {np.dtype(found['dtype'])} with scale {scale} and zero point {zero_point}; "
            f"the contract says {spec.dtype}, {spec.scale}, {spec.zero_point}. Export it again."
        )
