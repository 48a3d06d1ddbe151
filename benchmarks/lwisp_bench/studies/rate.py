"""The multiply-add rate of a model against what LiteRT reaches on one large convolution, in one run."""

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from lwisp_bench.studies.one_conv import CHANNELS, one_conv_macs, one_conv_model
from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.contract import ModelContract
from lwisp_mobile.engine.quantization import quantize
from lwisp_mobile.errors import UsageError

ROUNDS = 5
"""Both models run in turn this many times, so that a change of clock frequency meets both."""


@dataclass(frozen=True)
class Rate:
    """Multiply-adds per second of a model; those of the network as trained, whatever form the graph has."""

    name: str
    shape: tuple[int, ...]
    """Input shape, NHWC."""
    macs: int
    samples_ms: tuple[float, ...]

    @property
    def median_ms(self) -> float:
        """Median over all runs."""
        return float(np.median(self.samples_ms))

    @property
    def gmacs_per_s(self) -> float:
        """Rate at the median run."""
        return self.macs / self.median_ms / 1e6


@dataclass(frozen=True)
class RateReport:
    """A model beside one large 3x3 convolution on the same machine in the same run."""

    model: Rate
    convolution: Rate
    threads: int
    runtime: str
    machine: str
    cpus: int
    clock: str = "wall"

    @property
    def share(self) -> float:
        """The model's rate over the convolution's."""
        return self.model.gmacs_per_s / self.convolution.gmacs_per_s


def measure_rate(bundle: Bundle, precision: str, side_px: int, threads: int, runs: int) -> RateReport:
    """Time a bundle's model and the convolution in turns. side_px: packed side of the model's input.

    Only the interpreter's invoke() is timed: input and output stay in its own buffers.
    Raises UsageError if side_px isn't a multiple of the contract's, BundleError if the model is missing.
    """
    contract = bundle.model(precision).contract
    if side_px % contract.input.size_multiple or side_px <= 0:
        raise UsageError(f"--size {side_px} isn't a multiple of {contract.input.size_multiple} (contract.json).")
    convolution_px = side_px // 2
    shape = (1, side_px, side_px, len(contract.input.planes))
    model = _student(bundle.read(precision), contract, shape, threads)
    convolution = _interpreter(one_conv_model(convolution_px), threads)
    model_ms: list[float] = []
    convolution_ms: list[float] = []
    for _ in range(ROUNDS):
        model_ms += _timed(model.invoke, runs)
        convolution_ms += _timed(convolution.invoke, runs)
    macs = round(contract.macs_per_packed_px * side_px**2)
    return RateReport(
        model=Rate(f"{bundle.name} {precision}", shape, macs, tuple(model_ms)),
        convolution=Rate(
            "one 3x3 convolution",
            (1, convolution_px, convolution_px, CHANNELS),
            one_conv_macs(convolution_px),
            tuple(convolution_ms),
        ),
        threads=threads,
        runtime=f"ai-edge-litert {version('ai-edge-litert')}",
        machine=platform.machine(),
        cpus=os.cpu_count() or 0,
    )


def _student(model: bytes, contract: ModelContract, shape: tuple[int, ...], threads: int) -> Interpreter:
    """An interpreter at a size, its input filled with noise."""
    interpreter = _interpreter(model, threads)
    index = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(index, shape)
    interpreter.allocate_tensors()
    planes = np.random.default_rng(0).random(shape, dtype=np.float32)
    interpreter.set_tensor(index, quantize(planes, contract.input_tensor))
    return interpreter


def _interpreter(model: bytes, threads: int) -> Interpreter:
    interpreter = Interpreter(model_content=model, num_threads=threads)
    interpreter.allocate_tensors()
    return interpreter


def _timed(invoke: Callable[[], None], runs: int) -> list[float]:
    invoke()  # the other model has been in the caches
    samples = []
    for _ in range(runs):
        start = time.perf_counter()
        invoke()
        samples.append(1e3 * (time.perf_counter() - start))
    return samples
