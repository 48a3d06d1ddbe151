"""The rules for a .tflite that ships."""

from collections.abc import Collection, Iterator

from lwisp_export.errors import ArtifactError
from lwisp_mobile.contract import Precision
from lwisp_mobile.engine.coverage import Coverage
from lwisp_mobile.inspect.model_facts import GraphFacts, inspect_tflite, signature_coverage
from lwisp_mobile.inspect.portability import find_refusals
from lwisp_mobile.tflite.graph import Graph

_FIXES_SIZE = ("TRANSPOSE", "RESHAPE")
_BLOCKS_USED_TWICE = 3


def check_artifact(model: bytes, precision: Precision, float_operators: Collection[str] = ()) -> None:
    """Check a student's .tflite before it ships.

    float_operators: output tensors of the operators that the quantisation recipe leaves in float. Raises ArtifactError
    listing every broken rule, ModelError if it isn't a .tflite or the runtime refuses it.
    """
    facts = inspect_tflite(model)
    broken = [*_refusals(model), *_graph_faults(facts, float_operators), *_interface_faults(facts, precision)]
    for signature, coverage in signature_coverage(model).items():
        broken += [f"{signature}: {fault}" for fault in _coverage_faults(coverage)]
    if broken:
        faults = "\n".join(f"- {fault}" for fault in broken)
        raise ArtifactError(
            f"The {precision} model breaks the rules for shipped models; fix these and export again:\n{faults}"
        )


def _refusals(model: bytes) -> Iterator[str]:
    """Why a backend wouldn't run it whole; a form that several signatures share counts once."""
    found = (refusal for graph in Graph.parse(model).subgraphs for refusal in find_refusals(graph))
    for refusal in dict.fromkeys(found):
        named = f"{refusal.problem}: {', '.join(refusal.operators)}"
        yield f"{named}; refused by {refusal.refused_by}; {refusal.way_out}"


def _graph_faults(facts: GraphFacts, float_operators: Collection[str]) -> list[str]:
    faults = [f"{facts.count(name)} {name}; none are allowed" for name in _FIXES_SIZE if facts.count(name)]
    needed = _depth_to_space_count(facts)
    if facts.count("DEPTH_TO_SPACE") != needed:
        faults.append(f"{facts.count('DEPTH_TO_SPACE')} DEPTH_TO_SPACE instead of {needed}")
    return faults + [
        f"float island {island}" for island in facts.float_islands if not _is_requested(island, float_operators)
    ]


def _is_requested(island: str, float_operators: Collection[str]) -> bool:
    """Whether the recipe asks for the float island 'OP: tensor', or it converts between one and int8."""
    kind, _, tensor = island.partition(": ")
    return tensor in float_operators or (bool(float_operators) and kind in ("QUANTIZE", "DEQUANTIZE"))


def _depth_to_space_count(facts: GraphFacts) -> int:
    """Three upsampling blocks used twice, the output's 2x2 blocks, and U4 where the picture is the larger."""
    grows = any(result.shape[1:3] != source.shape[1:3] for source in facts.inputs for result in facts.outputs)
    return 2 * _BLOCKS_USED_TWICE + 1 + grows


def _interface_faults(facts: GraphFacts, precision: Precision) -> list[str]:
    faults = []
    for names, tensors in ((("packed",), facts.inputs), (("rgb",), facts.outputs)):
        found = tuple(tensor.name for tensor in tensors)
        if found != names:
            faults.append(f"signature has {found} instead of {names}")
        dtype = "int8" if precision == "int8" else "float32"
        faults += [f"{tensor.name} is {tensor.dtype} instead of {dtype}" for tensor in tensors if tensor.dtype != dtype]
    if precision == "fp16" and not facts.count("DEQUANTIZE"):
        faults.append("no weights are stored as float16")
    return faults


def _coverage_faults(coverage: Coverage) -> list[str]:
    faults = []
    if coverage.undelegated:
        remaining = ", ".join(sorted(set(coverage.undelegated)))
        faults.append(
            f"XNNPACK runs {coverage.delegated_nodes} of {coverage.total_nodes} operations; remaining: {remaining}"
        )
    if coverage.partitions != 1:
        faults.append(f"XNNPACK splits the graph into {coverage.partitions} partitions instead of 1")
    return faults
