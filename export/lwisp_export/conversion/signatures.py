"""More signatures in one .tflite: the finished graph, cut at a few tensors. Weights, scales and bits stay the same.

* context: packed -> gate1, gate2, gate3, global_vector; what the tiles of one frame share.
* develop: packed, gate1, gate2, gate3, global_vector -> rgb; a frame or a tile, given those.

And the same in six stages, for large frames: halos are wide only where there are few values per pixel, and what two
stages need is computed once, but for the two largest features, skip1 and upsampled1, which cost more to keep.

* descend: packed, gate1 -> skip2
* down: skip2, gate2 -> skip3
* deep: skip3, gate3 -> skip4
* rise: skip4, global_vector -> upsampled3
* up: skip3, upsampled3 -> upsampled2
* render: packed, skip2, upsampled2 -> rgb

These names are said here alone: the contract carries them to those who run the model.
"""

import copy
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lwisp_export.conversion.writer import ids, pack_tflite
from lwisp_export.errors import ConversionError
from lwisp_mobile.tflite.reader import operator_name, parse_tflite, schema

GATES = ("gate1", "gate2", "gate3")
"""Channel gates. The fourth only leads to the global vector, so `develop` doesn't need it."""
VECTOR = "global_vector"
_SPATIAL_AXES = (1, 2)
_REPORT = "The student's form has changed; adapt lwisp_export/conversion/signatures.py."


@dataclass(frozen=True)
class Cut:
    """A part of the graph: from these tensors to those."""

    signature: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


WHOLE = "serving_default"
"""The signature of the graph that is cut, as the converter names it."""
SAMPLE = Cut("context", ("packed",), (*GATES, VECTOR))
DEVELOP = Cut("develop", ("packed", *GATES, VECTOR), ("rgb",))
STAGES = (
    Cut("descend", ("packed", "gate1"), ("skip2",)),
    Cut("down", ("skip2", "gate2"), ("skip3",)),
    Cut("deep", ("skip3", "gate3"), ("skip4",)),
    Cut("rise", ("skip4", VECTOR), ("upsampled3",)),
    Cut("up", ("skip3", "upsampled3"), ("upsampled2",)),
    Cut("render", ("packed", "skip2", "upsampled2"), ("rgb",)),
)
"""What a frame in tiles runs through in order, in place of `develop`."""
CUTS = (SAMPLE, DEVELOP, *STAGES)


def add_signatures(model: bytes) -> bytes:
    """Return the model with the signatures of CUTS beside "serving_default".

    model: a finished student of any precision, with one subgraph. The new subgraphs share its weights, so the file
    grows by names and operators only. Raises ConversionError, naming the tensor, on a graph of another form.
    """
    tree = parse_tflite(model)
    if len(tree.subgraphs) != 1:
        raise ConversionError(f"The model has {len(tree.subgraphs)} subgraphs instead of 1; give it as quantised.")
    places = find_cut_tensors(tree)
    for cut in CUTS:
        _add_cut(tree, cut, places)
    return pack_tflite(tree)


def find_cut_tensors(tree: Any) -> dict[str, int]:
    """The tensors' indices by the names in CUTS. tree: ModelT of one subgraph. Raises ConversionError."""
    graph = tree.subgraphs[0]
    named = {"packed": ids(graph.inputs)[0], "rgb": ids(graph.outputs)[0]}
    named |= _image_wide(tree, named["packed"], named["rgb"])
    for level in (1, 2, 3, 4):
        named |= _level(tree, level)
    return named


def _image_wide(tree: Any, packed: int, rgb: int) -> dict[str, int]:
    """The last tensors on the ways from means over the whole picture into the picture."""
    graph = tree.subgraphs[0]
    varying, wide = {packed}, dict[int, Any]()
    for operator in graph.operators:
        inputs = varying.intersection(ids(operator.inputs))
        if inputs:
            result = int(operator.outputs[0])
            varying.add(result)
            if _is_spatial_mean(tree, operator) or wide.keys() >= inputs:
                wide[result] = operator
    read = {i for operator in _between(graph, wide, [rgb]) for i in ids(operator.inputs)}
    found = [i for i in wide if i in read]
    makers = [operator_name(tree, wide[i]) for i in found]
    if makers != ["LOGISTIC"] * len(GATES) + ["CONV_2D"]:
        raise ConversionError(
            f"Image-wide tensors are made by {', '.join(makers) or 'nothing'}; needed are one LOGISTIC each for "
            f"{', '.join(GATES)} and one CONV_2D for {VECTOR}. {_REPORT}"
        )
    return dict(zip((*GATES, VECTOR), found))


def _is_spatial_mean(tree: Any, operator: Any) -> bool:
    if operator_name(tree, operator) != "MEAN":
        return False
    axes = tree.buffers[tree.subgraphs[0].tensors[operator.inputs[1]].buffer].data
    return axes is not None and tuple(np.frombuffer(bytes(bytearray(axes)), np.int32)) == _SPATIAL_AXES


def _level(tree: Any, level: int) -> dict[str, int]:
    """The encoder's feature that a level's pooling reads, and what the decoder joins it with."""
    graph = tree.subgraphs[0]
    pools = [operator for operator in graph.operators if operator_name(tree, operator) == "MAX_POOL_2D"]
    skip = int(pools[level - 1].inputs[0]) if len(pools) >= level else -1
    joins = [ids(o.inputs) for o in graph.operators if operator_name(tree, o) == "CONCATENATION" and skip in o.inputs]
    if [len(inputs) for inputs in joins] != [2]:
        raise ConversionError(f"No feature skip{level} that a pooling and one CONCATENATION of two read. {_REPORT}")
    (upsampled,) = {*joins[0]} - {skip}
    return {f"skip{level}": skip, f"upsampled{level}": upsampled}


def _between(graph: Any, inputs: Collection[int], outputs: Sequence[int]) -> list[Any]:
    """The operators that make the outputs, and nothing before the inputs, in graph order."""
    sources = {int(operator.outputs[0]): operator for operator in graph.operators}
    waiting, wanted = list(outputs), set[int]()
    while waiting:
        tensor = waiting.pop()
        if tensor in sources and tensor not in wanted and tensor not in inputs:
            wanted.add(tensor)
            waiting += ids(sources[tensor].inputs)
    return [operator for operator in graph.operators if int(operator.outputs[0]) in wanted]


def _add_cut(tree: Any, cut: Cut, places: dict[str, int]) -> None:
    """Add a subgraph and its signature."""
    whole = tree.subgraphs[0]
    inputs, outputs = [places[name] for name in cut.inputs], [places[name] for name in cut.outputs]
    operators = _between(whole, inputs, outputs)
    used = {i for operator in operators for i in (*ids(operator.inputs), *ids(operator.outputs))}
    _check_cut(whole, cut, places, used)
    place = {old: new for new, old in enumerate(sorted(used - {-1}))} | {-1: -1}
    part = schema().SubGraphT()
    part.name = cut.signature
    part.tensors = [copy.copy(whole.tensors[old]) for old in sorted(used - {-1})]
    part.operators = [_moved(operator, place) for operator in operators]
    part.inputs, part.outputs = _indices(inputs, place), _indices(outputs, place)
    tree.subgraphs.append(part)
    tree.signatureDefs.append(_signature(len(tree.subgraphs) - 1, cut, part))


def _check_cut(whole: Any, cut: Cut, places: dict[str, int], used: set[int]) -> None:
    """A cut reads every input it names, and the picture only where it says so."""
    idle = [name for name in cut.inputs if places[name] not in used]
    if idle:
        raise ConversionError(f"Signature {cut.signature} doesn't need {', '.join(idle)}. {_REPORT}")
    if "packed" not in cut.inputs and places["packed"] in used:
        raise ConversionError(f"Signature {cut.signature} needs packed beside {', '.join(cut.inputs)}. {_REPORT}")


def _moved(operator: Any, place: dict[int, int]) -> Any:
    moved = copy.copy(operator)
    moved.inputs, moved.outputs = _indices(ids(operator.inputs), place), _indices(ids(operator.outputs), place)
    return moved


def _indices(tensors: Sequence[int], place: dict[int, int]) -> np.ndarray:
    return np.array([place[i] for i in tensors], np.int32)


def _signature(subgraph: int, cut: Cut, part: Any) -> Any:
    signature = schema().SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = cut.signature, subgraph
    signature.inputs = [_entry(name, int(i)) for name, i in zip(cut.inputs, part.inputs)]
    signature.outputs = [_entry(name, int(i)) for name, i in zip(cut.outputs, part.outputs)]
    return signature


def _entry(name: str, index: int) -> Any:
    entry = schema().TensorMapT()
    entry.name, entry.tensorIndex = name, index
    return entry
