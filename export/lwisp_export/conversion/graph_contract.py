"""The parts of a contract that a finished graph says itself: tensors, signatures, what they cost."""

from dataclasses import dataclass

from lwisp_export.conversion.receptive_field import reach_of
from lwisp_export.conversion.run_memory import interpreter_bytes, run_bytes
from lwisp_export.conversion.signatures import DEVELOP, SAMPLE, STAGES, WHOLE
from lwisp_mobile.contract import SignatureContract, TensorSpec
from lwisp_mobile.inspect.model_facts import SignatureFacts, TensorFacts, graph_facts
from lwisp_mobile.tflite.graph import Graph


@dataclass(frozen=True)
class GraphContract:
    """As the fields of the same names in `ModelContract`."""

    tensors: tuple[TensorSpec, ...]
    whole: SignatureContract
    sample: SignatureContract
    develop: SignatureContract
    stages: tuple[SignatureContract, ...]
    interpreter_bytes: int


def describe_graph(model: Graph, packed_px: int) -> GraphContract:
    """Count a model with the signatures of `add_signatures`. packed_px: side of its packed input as it is stored.

    Raises ConversionError on an operator whose receptive field isn't known.
    """
    facts, subgraphs = graph_facts(model).signatures, model.subgraphs
    graphs = [subgraphs[signature.subgraph] for signature in model.signatures]
    found = {each.name: _signature(graph, each, packed_px) for graph, each in zip(graphs, facts)}
    tensors = {tensor.name: _tensor(tensor, packed_px) for each in facts for tensor in (*each.inputs, *each.outputs)}
    return GraphContract(
        tuple(tensors.values()),
        found[WHOLE],
        found[SAMPLE.signature],
        found[DEVELOP.signature],
        tuple(found[stage.signature] for stage in STAGES),
        interpreter_bytes(model),
    )


def _signature(graph: Graph, facts: SignatureFacts, packed_px: int) -> SignatureContract:
    reach, memory = reach_of(graph, packed_px), run_bytes(graph)
    return SignatureContract(
        facts.name,
        tuple(tensor.name for tensor in facts.inputs),
        tuple(tensor.name for tensor in facts.outputs),
        reach.halo_px,
        reach.multiple_px,
        facts.macs / packed_px**2,
        (memory.kept + memory.shared) / packed_px**2,
        memory.shared / packed_px**2,
    )


def _tensor(facts: TensorFacts, packed_px: int) -> TensorSpec:
    _, height, _, channels = facts.shape
    resolution = 0.0 if height == 1 else height / packed_px
    return TensorSpec(facts.name, facts.dtype, facts.scale, facts.zero_point, channels, resolution)
