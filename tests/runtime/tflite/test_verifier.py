"""Models checked before an engine sees them: the shipped ones pass, and each kind of damage is named."""

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as litert

from lwisp_mobile.bundle.bundle import shipped_bundle
from lwisp_mobile.errors import ModelError
from lwisp_mobile.tflite.flatbuffer import read_root
from lwisp_mobile.tflite.verifier import SCHEMA, verify_tflite

IDENTIFIER = b"TFL3"
CONV_2D = 3

Change = Callable[[Any], object]


@pytest.fixture(scope="module")
def model() -> bytes:
    bundle = shipped_bundle()
    return (bundle.folder / bundle.model("int8").file).read_bytes()


def edited(model: bytes, change: Change) -> bytes:
    """The model as LiteRT's own schema reads it, changed, and written again."""
    tree = litert.ModelT.InitFromObj(litert.Model.GetRootAs(model, 0))
    for buffer in tree.buffers:
        if buffer.offset > 1:
            buffer.data = np.frombuffer(model, np.uint8, buffer.size, buffer.offset)
            buffer.offset = buffer.size = 0
    change(tree)
    builder = flatbuffers.Builder(len(model))
    builder.Finish(tree.Pack(builder), file_identifier=IDENTIFIER)
    return bytes(builder.Output())


def first(tree: Any, code: int) -> Any:
    """The first operator of a kind."""
    codes = [max(entry.builtinCode, entry.deprecatedBuiltinCode) for entry in tree.operatorCodes]
    return next(operator for operator in tree.subgraphs[0].operators if codes[operator.opcodeIndex] == code)


def put(owner: Any, name: str, place: int, value: int) -> None:
    """Change one entry of a vector, which is read-only as it comes out of the file."""
    entries = list(getattr(owner, name))
    entries[place] = value
    setattr(owner, name, entries)


def set_operator_code(code: int) -> Change:
    def change(tree: Any) -> None:
        tree.operatorCodes[0].builtinCode = code
        tree.operatorCodes[0].deprecatedBuiltinCode = min(code, 127)

    return change


@pytest.mark.parametrize("precision", [model.contract.precision for model in shipped_bundle().models])
def test_the_shipped_models_pass(precision: str) -> None:
    bundle = shipped_bundle()
    verify_tflite((bundle.folder / bundle.model(precision).file).read_bytes())


def test_a_model_written_again_passes(model: bytes) -> None:
    verify_tflite(edited(model, lambda tree: None))


def test_a_left_out_bias_is_no_damage(model: bytes) -> None:
    verify_tflite(edited(model, lambda tree: put(first(tree, CONV_2D), "inputs", 2, -1)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tree: put(first(tree, CONV_2D), "inputs", 1, -1), "operator 3 without an input that it needs"),
        (lambda tree: put(first(tree, CONV_2D), "inputs", 0, 99_999), "tensor 99999 of"),
        (lambda tree: put(first(tree, CONV_2D), "outputs", 0, -1), "tensor -1 of"),
        (lambda tree: put(tree.subgraphs[0], "outputs", 0, 99_999), "tensor 99999 of"),
        (lambda tree: setattr(tree.subgraphs[0].operators[3], "opcodeIndex", 77), "operator code 77 of"),
        (lambda tree: setattr(tree.subgraphs[0].tensors[3], "buffer", 99_999), "buffer 99999 of"),
        (lambda tree: setattr(tree.subgraphs[0].tensors[3], "shape", [1, -5, 4]), r"a tensor of shape \[1, -5, 4\]"),
        (lambda tree: setattr(tree.subgraphs[0].tensors[3], "shape", [2**16] * 4), "a tensor of shape"),
        (lambda tree: setattr(tree.subgraphs[0].tensors[0].quantization, "scale", [0.0]), "quantisation step"),
        (lambda tree: setattr(tree.subgraphs[0].tensors[0].quantization, "scale", [-1.0]), "quantisation step"),
        (lambda tree: setattr(tree.subgraphs[0].tensors[0].quantization, "scale", [np.nan]), "quantisation step"),
        (lambda tree: setattr(tree.subgraphs[0].tensors[0], "externalBuffer", 1), "external"),
        (lambda tree: setattr(tree, "subgraphs", []), "no subgraph"),
        (lambda tree: setattr(tree.signatureDefs[0], "subgraphIndex", 99), "subgraph 99 of"),
        (lambda tree: setattr(tree.signatureDefs[0].inputs[0], "tensorIndex", 99_999), "tensor 99999 of"),
        (lambda tree: setattr(tree.metadata[0], "buffer", 99_999), "buffer 99999 of"),
        (lambda tree: setattr(tree.buffers[2], "offset", 2**40), "a buffer at 1099511627776"),
        (lambda tree: setattr(first(tree, CONV_2D), "customOptions", [1]), "options of operator 3"),
        (lambda tree: setattr(first(tree, CONV_2D), "largeCustomOptionsOffset", 5), "options of operator 3"),
        (set_operator_code(119), "the operator WHILE"),
        (set_operator_code(118), "the operator IF"),
        (set_operator_code(32), "the operator CUSTOM"),
    ],
)
def test_what_engines_take_on_trust(model: bytes, change: Change, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        verify_tflite(edited(model, change))


@pytest.mark.parametrize("cut", [0, 7, 8, 20, 1000, -1, -1000])
def test_truncated(model: bytes, cut: int) -> None:
    with pytest.raises(ModelError, match=r"is corrupt|a \.tflite has"):
        verify_tflite(model[:cut])


@pytest.mark.parametrize("offset", [0, 1, 4, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_root_that_is_nowhere(model: bytes, offset: int) -> None:
    with pytest.raises(ModelError, match="is corrupt"):
        verify_tflite(offset.to_bytes(4, "little") + model[4:])


@pytest.mark.parametrize("offset", [0, 1, -(2**31), 2**31 - 1])
def test_a_vtable_that_is_nowhere(model: bytes, offset: int) -> None:
    root = int.from_bytes(model[:4], "little")
    with pytest.raises(ModelError, match="is corrupt"):
        verify_tflite(model[:root] + offset.to_bytes(4, "little", signed=True) + model[root + 4 :])


def test_a_table_pointed_at_a_million_times() -> None:
    """Four megabytes that would be four billion tensors to who follows each offset."""
    builder = flatbuffers.Builder(1 << 23)
    litert.SubGraphStart(builder)
    graph = litert.SubGraphEnd(builder)
    litert.ModelStartSubgraphsVector(builder, 1_000_001)
    for _ in range(1_000_001):
        builder.PrependUOffsetTRelative(graph)
    graphs = builder.EndVector()
    litert.ModelStart(builder)
    litert.ModelAddSubgraphs(builder, graphs)
    builder.Finish(litert.ModelEnd(builder), file_identifier=IDENTIFIER)
    with pytest.raises(ModelError, match="more than 1000000 parts"):
        verify_tflite(bytes(builder.Output()))


KINDS = {"Int8": "i1", "Uint8": "u1", "Bool": "u1", "Int32": "i4", "Uint32": "u4", "Int64": "i8", "Uint64": "u8"}
KINDS["Float32"] = "f4"
OPTIONS = {"@8": "FullyConnectedOptions", "@17": "ReshapeOptions", "@30": "SqueezeOptions"}


@functools.cache
def litert_classes() -> dict[str, str]:
    """Source of each class that LiteRT's schema was compiled to."""
    parts = re.split(r"^class (\w+)\(object\):", Path(litert.__file__).read_text(), flags=re.MULTILINE)
    return {name: part.partition("\ndef ")[0] for name, part in zip(parts[1::2], parts[2::2])}


def litert_slots(table: str) -> dict[int, str]:
    """Slot -> what stands there, by LiteRT's schema."""
    slots: dict[int, str] = {}
    for body in re.split(r"\n    # \w+\n    def ", litert_classes()[table])[1:]:
        offset = re.search(r"Offset\((\d+)\)", body)
        if offset is None:
            continue
        slots.setdefault((int(offset[1]) - 4) // 2, _kind(body))
    return slots


def _kind(body: str) -> str:
    is_vector = "Vector(" in body
    inner = re.search(r"obj = (\w+)\(\)", body)
    number = re.search(r"number_types\.(\w+)Flags, (?:a|o)", body)
    if "String(" in body:
        return "text"
    if inner is not None and inner[1] != "Table":
        return f"[{inner[1]}]" if is_vector else inner[1]
    if "Union(" in body or number is None:
        return "union"
    return f"[{KINDS[number[1]]}]" if is_vector else KINDS[number[1]]


@pytest.mark.parametrize("table", SCHEMA)
def test_the_schema_is_litert_s(table: str) -> None:
    theirs = litert_slots(OPTIONS.get(table, table))
    for slot, kind in SCHEMA[table].items():
        assert (theirs[slot] == "union") if kind.startswith("@") else (theirs[slot] == kind), (table, slot)


@pytest.mark.parametrize("table", [table for table in SCHEMA if table not in OPTIONS])
def test_no_offset_of_litert_s_schema_is_left_out(table: str) -> None:
    offsets = {slot for slot, kind in litert_slots(table).items() if kind not in KINDS.values()}
    assert offsets <= SCHEMA[table].keys()


def test_values_are_read_as_litert_reads_them(model: bytes) -> None:
    ours, theirs = read_root(model, SCHEMA, "Model"), litert.ModelT.InitFromObj(litert.Model.GetRootAs(model, 0))
    assert len(ours[2]) == len(theirs.subgraphs)
    for tensor, expected in zip(ours[2][0][0], theirs.subgraphs[0].tensors):
        assert tensor[3] == expected.name
        assert list(tensor[0]) == list(expected.shape)
        assert tensor.get(2, 0) == expected.buffer
    for operator, expected in zip(ours[2][0][3], theirs.subgraphs[0].operators):
        assert list(operator[1]) == list(expected.inputs)
        assert operator.get(0, 0) == expected.opcodeIndex


def test_a_bundle_that_is_read_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr("lwisp_mobile.bundle.bundle.verify_tflite", seen.append)
    data = shipped_bundle().read("int8")
    assert seen == [data]
