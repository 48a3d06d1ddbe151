"""Export: a checkpoint to a bundle, every stage checked, every step deterministic."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lwisp_export.conversion.broadcast import multiply_by_zero
from lwisp_export.conversion.graph_contract import describe_graph
from lwisp_export.conversion.onnx_to_tflite import convert_onnx
from lwisp_export.conversion.signatures import add_signatures
from lwisp_export.conversion.torch_to_onnx import export_onnx
from lwisp_export.quantization.quantizer import quantize_fp16
from lwisp_export.quantization_step import DEFAULT_OPTIONS, Quantized, QuantizeOptions, quantize, write_quantization
from lwisp_export.student.cost import count_macs, count_parameters
from lwisp_export.student.input_contract import deployed_input
from lwisp_export.student.reference import Reference
from lwisp_export.synthesis.tiles import TILE_PX, NamedRaw
from lwisp_export.training.qat.trained_ranges import tensor_ranges
from lwisp_export.verification.artifact import check_artifact
from lwisp_mobile.bundle.bundle import Bundle, ModelFile, write_bundle
from lwisp_mobile.contract import METADATA_NAME, ContextContract, ModelContract, Precision, to_json
from lwisp_mobile.errors import UsageError
from lwisp_mobile.progress import Progress
from lwisp_mobile.serialize.files import atomic_write, file_sha256
from lwisp_mobile.tflite.graph import Graph

COUNTED_PX = 224
"""Packed side at which multiply-adds are counted, as the paper does."""
SHIPPED_PRECISIONS: tuple[Precision, ...] = ("int8", "fp16")
"""What a bundle holds. float32 stays in the work folder: fp16 weights run as fast, at half the size."""


@dataclass(frozen=True)
class ExportPaths:
    """Where an export reads and writes."""

    checkpoint: Path
    bundle: Path
    """The bundle's folder; its name is kept apart from the student's, which the checkpoint says."""
    work: Path
    """Folder for the ONNX and the float32 model."""


@dataclass(frozen=True)
class Exported:
    """What an export made."""

    bundle: Bundle
    onnx: Path
    float32: Path
    float32_contract: ModelContract
    quantized: Quantized
    """The INT8 model before signatures and contract were added, and how it was chosen."""


def export(
    paths: ExportPaths,
    frames: Sequence[NamedRaw],
    progress: Progress,
    options: QuantizeOptions = DEFAULT_OPTIONS,
) -> Exported:
    """Run the whole chain. progress: called with each part as it starts.

    frames: RAW frames to calibrate INT8 with; none: the synthetic frames.
    options: how to quantise. A budget that no recipe meets isn't an error: the report in `quantized` says so.
    Raises ModelError for a broken checkpoint, UsageError for one of a task that bundles can't hold, ConversionError or
    ArtifactError where a stage fails.
    """
    paths.work.mkdir(parents=True, exist_ok=True)
    progress("reading the checkpoint")
    reference = _read(paths.checkpoint)
    onnx = paths.work / f"{reference.info.name}.onnx"
    progress("torch to ONNX")
    export_onnx(reference.student, onnx, TILE_PX)
    progress("ONNX to float32 .tflite")
    float32 = convert_onnx(onnx, progress)
    check_artifact(multiply_by_zero(float32).pack(), "float32")
    progress("float32 to fp16 weights")
    models = {"float32": float32, "fp16": quantize_fp16(float32)}
    progress("calibration and INT8")
    trained = tensor_ranges(reference.student, reference.info.ranges, float32) if reference.info.ranges else None
    quantized = quantize(
        float32,
        frames,
        options,
        progress,
        contract=deployed_input(reference.info.input),
        tile_px=TILE_PX,
        trained=trained,
    )
    models["int8"] = quantized.model
    progress("cutting signatures and checking the models")
    models = {precision: add_signatures(multiply_by_zero(model)) for precision, model in models.items()}
    return _write(paths, reference, onnx, models, quantized)


def _read(checkpoint: Path) -> Reference:
    reference = Reference(checkpoint)
    task = reference.info.student.task
    if task != "isp":
        raise UsageError(
            f"{checkpoint} is a student of the task {task}, RGB to RGB; bundles are for students of the task isp, RAW "
            "to RGB. Give one of these."
        )
    return reference


def _write(
    paths: ExportPaths, reference: Reference, onnx: Path, models: dict[str, Graph], quantized: Quantized
) -> Exported:
    network = _Network(reference, file_sha256(paths.checkpoint))
    float32, contract = _with_contract(models["float32"], "float32", network)
    shipped = [_with_contract(models[precision], precision, network) for precision in SHIPPED_PRECISIONS]
    for data, found in shipped:
        check_artifact(data, found.precision, quantized.recipe.float_operators if found.precision == "int8" else ())
    float32_path = paths.work / f"{contract.name}.float32.tflite"
    _write_bytes(float32_path, float32)
    paths.bundle.mkdir(parents=True, exist_ok=True)
    files = tuple(_write_model(paths.bundle, data, found) for data, found in shipped)
    bundle = Bundle(paths.bundle, contract.name, files)
    write_bundle(bundle)
    write_quantization(bundle.folder, quantized)
    return Exported(bundle, onnx, float32_path, contract, quantized)


@dataclass(frozen=True)
class _Network:
    """What all models of one checkpoint share."""

    reference: Reference
    weights_sha256: str


def _write_model(folder: Path, data: bytes, contract: ModelContract) -> ModelFile:
    name = f"{contract.name}.{contract.precision}.tflite"
    _write_bytes(folder / name, data)
    return ModelFile(name, hashlib.sha256(data).hexdigest(), len(data), contract)


def _with_contract(model: Graph, precision: Precision, network: _Network) -> tuple[bytes, ModelContract]:
    """The model's bytes with the contract, counted on the model's own graph."""
    info, student, graph = network.reference.info, network.reference.student, describe_graph(model, TILE_PX)
    contract = ModelContract(
        name=info.name,
        task=info.student.task,
        precision=precision,
        parameters=count_parameters(student),
        macs_per_packed_px=count_macs(student, COUNTED_PX) / COUNTED_PX**2,
        weights_sha256=network.weights_sha256,
        interpreter_bytes=graph.interpreter_bytes,
        input=deployed_input(info.input),
        context=ContextContract(),
        tensors=graph.tensors,
        whole=graph.whole,
        sample=graph.sample,
        develop=graph.develop,
        stages=graph.stages,
        rendered_tone=info.rendered_tone,
    )
    finished = model.copy()
    finished.set_metadata(METADATA_NAME, to_json(contract).encode())
    return finished.pack(), contract


def _write_bytes(path: Path, data: bytes) -> None:
    with atomic_write(path) as temporary:
        temporary.write_bytes(data)
