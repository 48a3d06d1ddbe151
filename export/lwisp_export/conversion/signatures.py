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

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from lwisp_export.errors import ConversionError
from lwisp_mobile.tflite.graph import Graph, Operator, Tensor

GATES = ("gate1", "gate2", "gate3")
"""Channel gates. The fourth only leads to the global vector, so `develop` doesn't need it."""
VECTOR = "global_vector"
_SPATIAL_AXES = (1, 2)
_NEXT_STEP = "The student's form has changed; adapt lwisp_export/conversion/signatures.py."


@dataclass(frozen=True)
class Crop:
    """A part of the graph: from these tensors to those."""

    signature: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


WHOLE = "serving_default"
"""The signature of the graph that is cut, as the converter names it."""
SAMPLE = Crop("context", ("packed",), (*GATES, VECTOR))
DEVELOP = Crop("develop", ("packed", *GATES, VECTOR), ("rgb",))
STAGES = (
    Crop("descend", ("packed", "gate1"), ("skip2",)),
    Crop("down", ("skip2", "gate2"), ("skip3",)),
    Crop("deep", ("skip3", "gate3"), ("skip4",)),
    Crop("rise", ("skip4", VECTOR), ("upsampled3",)),
    Crop("up", ("skip3", "upsampled3"), ("upsampled2",)),
    Crop("render", ("packed", "skip2", "upsampled2"), ("rgb",)),
)
"""What a frame in tiles runs through in order, in place of `develop`."""
CUTS = (SAMPLE, DEVELOP, *STAGES)


def add_signatures(finished: Graph) -> Graph:
    """Return the model with the signatures of CUTS beside "serving_default".

    finished: a student of any precision, with one subgraph. The new subgraphs share its weights, so the file grows by
    names and operators only. Raises ConversionError, naming the tensor, on a graph of another form.
    """
    graph = finished.copy()
    if len(graph.subgraphs) != 1:
        raise ConversionError(f"The model has {len(graph.subgraphs)} subgraphs instead of 1; give it as quantised.")
    tensors = find_cut_tensors(graph)
    for cut in CUTS:
        _add_cut(graph, cut, tensors)
    return graph


def find_cut_tensors(graph: Graph) -> dict[str, Tensor]:
    """The tensors by the names in CUTS. graph: of one subgraph. Raises ConversionError."""
    named = {"packed": graph.inputs[0], "rgb": graph.outputs[0]}
    named |= _image_wide(graph, named["packed"], named["rgb"])
    for level in (1, 2, 3, 4):
        named |= _level(graph, level)
    return named


def _image_wide(graph: Graph, packed: Tensor, rgb: Tensor) -> dict[str, Tensor]:
    """The last tensors on the ways from means over the whole picture into the picture."""
    varying, wide = {packed}, dict[Tensor, Operator]()
    for operator in graph.operators:
        inputs = varying.intersection(operator.inputs)
        if inputs:
            varying.add(operator.output)
            if _is_spatial_mean(operator) or wide.keys() >= inputs:
                wide[operator.output] = operator
    read = {tensor for operator in _between(graph, wide, [rgb]) for tensor in operator.inputs}
    found = [tensor for tensor in wide if tensor in read]
    producers = [wide[tensor].kind for tensor in found]
    if producers != ["LOGISTIC"] * len(GATES) + ["CONV_2D"]:
        raise ConversionError(
            f"Image-wide tensors are made by {', '.join(producers) or 'nothing'}; needed are one LOGISTIC each for "
            f"{', '.join(GATES)} and one CONV_2D for {VECTOR}. {_NEXT_STEP}"
        )
    return dict(zip((*GATES, VECTOR), found))


def _is_spatial_mean(operator: Operator) -> bool:
    if operator.kind != "MEAN" or not operator.inputs[1].is_constant:
        return False
    return tuple(operator.inputs[1].values()) == _SPATIAL_AXES


def _level(graph: Graph, level: int) -> dict[str, Tensor]:
    """The encoder's feature that a level's pooling reads, and what the decoder joins it with."""
    pools = [operator for operator in graph.operators if operator.kind == "MAX_POOL_2D"]
    skip = pools[level - 1].inputs[0] if len(pools) >= level else None
    joins = [o.inputs for o in graph.operators if o.kind == "CONCATENATION" and skip in o.inputs]
    if skip is None or [len(inputs) for inputs in joins] != [2]:
        raise ConversionError(f"No feature skip{level} that a pooling and one CONCATENATION of two read. {_NEXT_STEP}")
    (upsampled,) = {*joins[0]} - {skip}
    return {f"skip{level}": skip, f"upsampled{level}": upsampled}


def _between(graph: Graph, inputs: Collection[Tensor], outputs: Sequence[Tensor]) -> list[Operator]:
    """The operators that make the outputs, and nothing before the inputs, in graph order."""
    sources = {operator.output: operator for operator in graph.operators}
    waiting, wanted = list(outputs), set[Tensor]()
    while waiting:
        tensor = waiting.pop()
        if tensor in sources and tensor not in wanted and tensor not in inputs:
            wanted.add(tensor)
            waiting += sources[tensor].inputs
    return [operator for operator in graph.operators if operator.output in wanted]


def _add_cut(graph: Graph, cut: Crop, tensors: dict[str, Tensor]) -> None:
    """Add a subgraph and its signature."""
    inputs, outputs = [tensors[name] for name in cut.inputs], [tensors[name] for name in cut.outputs]
    operators = _between(graph, inputs, outputs)
    _check_cut(cut, tensors, operators)
    part = graph.add_subgraph(cut.signature, operators, inputs, outputs)
    part.add_signature(cut.signature, dict(zip(cut.inputs, part.inputs)), dict(zip(cut.outputs, part.outputs)))


def _check_cut(cut: Crop, tensors: dict[str, Tensor], operators: Sequence[Operator]) -> None:
    """A cut reads every input it names, and the picture only where it says so."""
    used = {tensor for operator in operators for tensor in (*operator.inputs, *operator.outputs)}
    idle = [name for name in cut.inputs if tensors[name] not in used]
    if idle:
        raise ConversionError(f"Signature {cut.signature} doesn't need {', '.join(idle)}. {_NEXT_STEP}")
    if "packed" not in cut.inputs and tensors["packed"] in used:
        raise ConversionError(f"Signature {cut.signature} needs packed beside {', '.join(cut.inputs)}. {_NEXT_STEP}")
