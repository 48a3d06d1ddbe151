"""What is verified: a model, one call of it, and what the CPU and the float model give for that call."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwisp_export.drift.evaluation_tiles import evaluation_tiles
from lwisp_mobile.bundle.archive import is_bundle_path
from lwisp_mobile.bundle.bundle import Bundle, load_bundle
from lwisp_mobile.engine.interpreter import Target, load, runner
from lwisp_mobile.engine.quantization import quantize
from lwisp_mobile.errors import LwispError, ModelError, UsageError
from lwisp_mobile.tflite.graph import Graph, Quantization, Tensor

Tensors = Mapping[str, NDArray[Any]]
"""By the signature's names, in the model's types, with the batch axis."""
_SEED = 5


@dataclass(frozen=True)
class Subject:
    """One model and one call of it."""

    name: str
    precision: str
    """int8, fp16, float32: of the weights."""
    model: bytes
    """As it is."""
    single: bytes
    """The signature that is called, alone in a file: what compilers take."""
    signature: str
    inputs: Tensors
    grids: Mapping[str, Quantization | None]
    """Of the outputs; None for a float one."""
    on_cpu: Tensors | None
    """Outputs of the runtime here; None where it refuses the model."""
    in_float: Tensors | None = None
    """Real outputs of the float model on the CPU; None where there is none."""
    checkpoint: Path | None = None
    """Where the model came from, for backends that don't read .tflite."""

    @property
    def operators(self) -> int:
        """Operators of the called signature."""
        return len(Graph.parse(self.single).operators)

    @property
    def all_operators(self) -> int:
        """Operators of all signatures."""
        graph = Graph.parse(self.model)
        return sum(len(graph.subgraphs[signature.subgraph].operators) for signature in graph.signatures)

    @property
    def output_tensors(self) -> Mapping[str, Tensor]:
        """The outputs as the file describes them."""
        return Graph.parse(self.single).signatures[0].outputs

    def real(self, outputs: Tensors) -> dict[str, NDArray[np.float32]]:
        """Outputs as real values."""
        return {name: _real(values, self.grids[name]) for name, values in outputs.items()}


def subjects_of(path: Path, checkpoint: Path | None) -> tuple[Subject, ...]:
    """The models of a bundle on a tile of a photograph, or a .tflite on a smooth pattern with noise.

    checkpoint: that the bundle was made from, if it's here. Raises ModelError or BundleError on a broken file,
    UsageError on another kind of file.
    """
    if is_bundle_path(path):
        return tuple(_of_bundle(load_bundle(path), checkpoint))
    if path.suffix != ".tflite":
        raise UsageError(f"{path} is no model: give a .tflite, or a bundle's folder or .zip.")
    return (_of_file(path),)


def isolate_signature(model: bytes, name: str) -> bytes:
    """One signature of a model as a file of its own."""
    graph = Graph.parse(model).copy()
    found = next(signature for signature in graph.signatures if signature.name == name)
    part = graph.subgraphs[found.subgraph]
    part.isolate()
    part.add_signature(name, found.inputs, found.outputs)
    part.drop_unused()
    part.share_buffers()
    return part.pack()


def _of_bundle(bundle: Bundle, checkpoint: Path | None) -> Iterator[Subject]:
    """Float first: the others are compared with it."""
    in_float: Tensors | None = None
    for model in sorted(bundle.models, key=lambda model: model.contract.precision):
        contract = model.contract
        packed = evaluation_tiles(contract.input)[0].packed[None]
        inputs = {"packed": quantize(packed, contract.input_tensor)}
        whole = contract.whole.name
        subject = _subject(bundle.name, contract.precision, bundle.read(contract.precision), whole, inputs)
        if contract.precision != "int8" and subject.on_cpu is not None:
            in_float = subject.real(subject.on_cpu)
        yield replace(subject, in_float=in_float, checkpoint=checkpoint)


def _of_file(path: Path) -> Subject:
    try:
        graph = Graph.parse(path.read_bytes())
    except OSError as error:
        raise ModelError(f"{path} can't be read ({error.strerror}).") from error
    if not graph.signatures:
        graph.add_signature("serving_default", *({t.name: t for t in side} for side in (graph.inputs, graph.outputs)))
    signature = graph.signatures[0]
    rng = np.random.default_rng(_SEED)
    inputs = {name: _pattern(rng, tensor.shape, tensor.dtype) for name, tensor in signature.inputs.items()}
    return _subject(path.stem, _precision(graph), graph.pack(), signature.name, inputs)


def _subject(name: str, precision: str, model: bytes, signature: str, inputs: Tensors) -> Subject:
    single = isolate_signature(model, signature)
    outputs = Graph.parse(single).signatures[0].outputs
    grids = {each: tensor.quantization for each, tensor in outputs.items()}
    return Subject(name, precision, model, single, signature, inputs, grids, _on_cpu(single, signature, inputs))


def _real(values: NDArray[Any], grid: Quantization | None) -> NDArray[np.float32]:
    """A tensor of one step as real values."""
    real = values.astype(np.float32)
    return real if grid is None else (real - np.float32(grid.zero_points[0])) * grid.scales[0]


def _on_cpu(single: bytes, signature: str, inputs: Tensors) -> Tensors | None:
    try:
        outputs: Tensors = runner(load(single, 1, Target()), signature)(**inputs)
    except (LwispError, RuntimeError, ValueError):  # its row says so
        return None
    return outputs


def _precision(graph: Graph) -> str:
    types = {tensor.dtype for operator in graph.operators for tensor in (*operator.inputs, *operator.outputs)}
    return next((name for name in ("int8", "float16") if name in types), "float32").replace("float16", "fp16")


def _pattern(rng: np.random.Generator, shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    """Waves along the last axes but one, and noise: not all alike, nor noise alone."""
    waves = sum(np.sin(np.arange(side) / 7).reshape(-1, *[1] * (len(shape) - axis - 1)) for axis, side in _sides(shape))
    values = np.clip(0.5 + 0.2 * waves + rng.normal(0, 0.05, shape), 0, 1)
    if np.issubdtype(np.dtype(dtype), np.floating):
        return values.astype(dtype)
    limits = np.iinfo(dtype)
    return np.rint(limits.min + values * (float(limits.max) - limits.min)).astype(dtype)


def _sides(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    return list(enumerate(shape))[:-1] or [(0, 1)]
