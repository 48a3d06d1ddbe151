"""A converted model against the ONNX it came from: the same inputs through ONNX Runtime and LiteRT, every output."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from lwisp_export.conversion.onnx_interface import Layout, Port, inputs_of, other_size, to_layout, with_shapes
from lwisp_export.errors import ConversionError
from lwisp_mobile.engine.isolated_run import Arrays, InputSet, IsolatedRun, run_isolated
from lwisp_mobile.errors import UsageError

RELATIVE_TOLERANCE = 2e-4
"""Of an output's largest magnitude: what float32 sums in another order, and approximations of erf, may differ by."""
ABSOLUTE_TOLERANCE = 1e-5
_NUDGE = 1e-6
"""Change of the inputs that stands for rounding: a norm of a flat picture amplifies it a thousandfold."""
_NUDGE_SLACK = 4.0
"""How much of what that change does to an output is allowed as well."""
_LARGE = 8.0
"""Standard deviation of the large inputs: activations saturate, softmaxes become one-hot."""


@dataclass(frozen=True)
class SizeCheck:
    """What a comparison at one size found."""

    size: str
    """The inputs' shapes, as the ONNX has them."""
    outcome: str
    """equal; fixed size, with the reason; or the first difference."""
    equal: bool
    max_abs_diff: float | None
    """The largest of all outputs and inputs; None where nothing could be compared."""


@dataclass(frozen=True)
class Difference:
    """Where outputs first differ, or why there are none."""

    message: str
    arrays: Arrays
    """The inputs, as the ONNX takes them."""
    obvious: bool
    """An error, or another shape: nobody takes that for the network's output."""


@dataclass(frozen=True)
class _Trial:
    kind: str
    arrays: Arrays


class Reference:
    """An ONNX model in ONNX Runtime on the CPU."""

    def __init__(self, model: onnx.ModelProto) -> None:
        """model: with all its weights. Raises ConversionError if ONNX Runtime refuses it."""
        import onnxruntime  # noqa: PLC0415 (slow to load)
        from onnxruntime.capi import onnxruntime_pybind11_state as states  # noqa: PLC0415

        self._errors = tuple(
            found for found in vars(states).values() if isinstance(found, type) and issubclass(found, Exception)
        )
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # errors are raised; what it logs says the same
        self.names = [port.name for port in inputs_of(model)]
        try:
            self._session: Any = onnxruntime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except self._errors as error:
            raise ConversionError(f"ONNX Runtime refuses the network ({_short(error)}). Export it again.") from error

    def run(self, arrays: Arrays) -> Arrays:
        """Every output. Raises ConversionError where ONNX Runtime fails, as at a size that the network can't take."""
        try:
            return tuple(np.asarray(found) for found in self._session.run(None, dict(zip(self.names, arrays))))
        except self._errors as error:
            raise ConversionError(f"ONNX Runtime can't run the network ({_short(error)}).") from error


def compare_sizes(
    model: onnx.ModelProto, tflite: bytes, layout: Layout
) -> Iterator[tuple[SizeCheck, Difference | None]]:
    """Compare at the size that is stored, then at a larger one. model: of one size, as `fix_sizes` returns it."""
    ports = inputs_of(model)
    yield _compare(model, tflite, layout, ports)
    if any(port.is_picture for port in ports):
        yield _compare_larger(model, tflite, layout, ports)


def _compare_larger(
    model: onnx.ModelProto, tflite: bytes, layout: Layout, ports: Sequence[Port]
) -> tuple[SizeCheck, Difference | None]:
    larger = tuple(Port(port.name, port.dtype, other_size(port)) for port in ports)
    try:
        resized = with_shapes(model, {port.name: port.shape for port in larger})
        Reference(resized).run(next(_trials(larger)).arrays)
    except (ConversionError, UsageError):
        return SizeCheck(_sizes(larger), "fixed size: the ONNX itself takes only the other one", True, None), None
    found, difference = _compare(resized, tflite, layout, larger)
    if difference is not None and difference.obvious:
        return SizeCheck(found.size, f"fixed size: {difference.message}", True, None), None
    return found, difference


def _compare(
    model: onnx.ModelProto, tflite: bytes, layout: Layout, ports: Sequence[Port]
) -> tuple[SizeCheck, Difference | None]:
    trials, reference = list(_trials(ports)), Reference(model)
    runs = run_isolated(tflite, [InputSet(tuple(to_layout(a, layout) for a in trial.arrays)) for trial in trials])
    largest: float | None = None
    difference: Difference | None = None
    peaks: list[float] = []
    names = [value.name for value in model.graph.output]
    for trial, run in zip(trials, runs):
        wanted = [to_layout(values, layout) for values in reference.run(trial.arrays)]
        obvious = _obvious_fault(wanted, run, names)
        # What counts is the size of an output on ordinary inputs.
        peaks = peaks or [_peak(values) for values in wanted]
        limits = [_limit(peak, moved) for peak, moved in zip(peaks, _rounding(reference, trial.arrays))]
        distance, message = (None, obvious) if obvious else _judge(wanted, run.outputs, names, limits)
        largest = largest if distance is None else max(largest or 0.0, distance)
        if message and difference is None:
            difference = Difference(f"{message} on {trial.kind} inputs", trial.arrays, obvious is not None)
    outcome = "equal" if difference is None else difference.message
    return SizeCheck(_sizes(ports), outcome, difference is None, largest), difference


def _obvious_fault(wanted: Sequence[NDArray[Any]], run: IsolatedRun, names: Sequence[str]) -> str | None:
    """Why a run's outputs can't be compared, in words."""
    if run.failure is not None:
        return f"LiteRT can't run the model ({_short(run.failure)})"
    if len(wanted) != len(run.outputs):
        return f"the model has {len(run.outputs)} outputs instead of {len(wanted)}"
    for name, values, found in zip(names, wanted, run.outputs):
        if values.shape != found.shape:
            return f"{name} has shape {found.shape} instead of {values.shape}"
    return None


def _judge(
    wanted: Sequence[NDArray[Any]], outputs: Arrays, names: Sequence[str], limits: Sequence[float]
) -> tuple[float, str | None]:
    """The largest difference of a run's outputs, and the first that is too large, in words."""
    largest, message = 0.0, None
    for name, values, found, usual in zip(names, wanted, outputs, limits):
        distance = measure(values, found)
        limit = max(usual, _limit(_peak(values), 0.0)) if values.dtype.kind == "f" else 0.0
        largest = max(largest, distance if np.isfinite(distance) else 0.0)
        if not distance <= limit and message is None:
            message = f"{name} differs by {distance:.2g} ({limit:.2g} allowed)"
    return largest, message


def alike(wanted: NDArray[Any], found: NDArray[Any]) -> bool:
    """Whether two arrays are equal but for rounding."""
    return measure(wanted, found) <= _limit(_peak(wanted), 0.0)


def measure(wanted: NDArray[Any], found: NDArray[Any]) -> float:
    """Largest difference of two arrays; infinite where shapes or non-finite values differ."""
    if wanted.shape != found.shape:
        return np.inf
    first, second = wanted.astype(np.float64), found.astype(np.float64)
    finite = np.isfinite(first)
    same = np.array_equal(finite, np.isfinite(second)) and np.array_equal(
        first[~finite], second[~finite], equal_nan=True
    )
    return float(np.abs(first[finite] - second[finite]).max(initial=0)) if same else np.inf


def _limit(peak: float, moved: float) -> float:
    """What an output may differ by. peak: its largest magnitude. moved: by what rounding of the inputs moves it."""
    return ABSOLUTE_TOLERANCE + RELATIVE_TOLERANCE * peak + _NUDGE_SLACK * moved


def _peak(values: NDArray[Any]) -> float:
    magnitudes = np.abs(values.astype(np.float64))
    return float(magnitudes[np.isfinite(magnitudes)].max(initial=0))


def _rounding(reference: Reference, arrays: Arrays) -> list[float]:
    """How far a change of the inputs like rounding moves each output."""
    rng = np.random.default_rng(1)
    nudged = tuple(
        (a + _NUDGE * rng.normal(0, 1 + np.abs(a))).astype(a.dtype) if a.dtype.kind == "f" else a for a in arrays
    )
    distances = (measure(one, other) for one, other in zip(reference.run(arrays), reference.run(nudged)))
    return [distance if np.isfinite(distance) else 0.0 for distance in distances]


def _trials(ports: Sequence[Port]) -> Iterator[_Trial]:
    """Inputs of one size: random ones in [0, 1], black, white, a checkerboard, large ones of both signs."""
    rng = np.random.default_rng(0)
    yield _Trial("random", _arrays(ports, rng.random))
    yield _Trial("all-zero", _arrays(ports, np.zeros))
    yield _Trial("all-one", _arrays(ports, np.ones))
    yield _Trial("checkerboard", _arrays(ports, lambda shape: np.indices(shape).sum(axis=0) % 2))
    yield _Trial("large", _arrays(ports, lambda shape: rng.normal(0, _LARGE, shape)))


def _arrays(ports: Sequence[Port], make: Any) -> Arrays:
    return tuple(np.ascontiguousarray(make(port.shape)).astype(port.dtype) for port in ports)


def _sizes(ports: Sequence[Port]) -> str:
    return ", ".join(f"{port.name} {'x'.join(map(str, port.shape))}" for port in ports)


def _short(reason: object) -> str:
    return " ".join(str(reason).split())[:300]
