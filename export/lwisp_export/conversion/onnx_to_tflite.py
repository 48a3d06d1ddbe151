"""From ONNX to a float .tflite: the converter in its own environment, then a clean-up of the graph."""

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lwisp_export.conversion.environment import converter_python, run
from lwisp_export.conversion.graph_cleanup import clean_float_model
from lwisp_export.errors import ConversionError
from lwisp_mobile.progress import Progress
from lwisp_mobile.tflite.graph import Graph

# The converter names its output and the graph inside after its input: a fixed name makes equal files equal bytes.
_STEM = "student"
# float32 only: its quantised outputs are wrong or don't load. Without onnxsim, which it would look for on the PATH.
_OPTIONS = ("--tflite_backend", "flatbuffer_direct", "--not_use_onnxsim", "--non_verbose")


def convert_onnx(onnx_path: Path, progress: Progress) -> Graph:
    """Convert a student's ONNX (by `export_onnx`) to a float32 model, ready to resize and to quantise.

    onnx_path: input "packed", (1, planes, h, w). Returns a model from "packed", (1, h, w, planes), to "rgb",
    (1, h', w', 3). progress: called before what takes time. Raises ConversionError with the end of the converter's log.
    """
    return clean_float_model(Graph.parse(run_converter(onnx_path, progress)))


def run_converter(onnx_path: Path, progress: Progress) -> bytes:
    """Run onnx2tf on an ONNX file and return its float32 .tflite as it is."""
    return trace_converter(onnx_path, progress, ()).model


@dataclass(frozen=True)
class TracedModel:
    """What the converter made of an ONNX, and of which of its values."""

    model: bytes
    """A float32 .tflite."""
    tensors: dict[str, str]
    """Tensors of the .tflite by the names of the ONNX's values; of those that are left."""


def trace_converter(onnx_path: Path, progress: Progress, keep_shapes: Sequence[str]) -> TracedModel:
    """Run onnx2tf on an ONNX file.

    keep_shapes: names of inputs whose axes stay in the ONNX's order. Raises ConversionError with the end of its log.
    """
    python = converter_python(progress)
    with tempfile.TemporaryDirectory(prefix="lwisp-convert-") as folder:
        source, result = Path(folder) / f"{_STEM}.onnx", Path(folder) / f"{_STEM}_float32.tflite"
        try:
            shutil.copyfile(onnx_path, source)
        except OSError as error:
            raise ConversionError(
                f"{onnx_path} can't be read ({error}). Export the checkpoint to ONNX first."
            ) from error
        # -I keeps this process's PYTHONPATH out of the other environment.
        command = [str(python), "-I", "-m", "onnx2tf", "-i", str(source), "-o", folder, *_OPTIONS]
        command += ["--keep_shape_absolutely_input_names", *keep_shapes] if keep_shapes else []
        run(command, f"Converting {onnx_path.name} to .tflite", "The last lines name the operator it can't convert.")
        if not result.exists():
            raise ConversionError(f"The converter ended well but wrote no {result.name}. Remove {python.parents[1]}.")
        return TracedModel(
            result.read_bytes(), _read_trace(Path(folder) / f"{_STEM}_tensor_correspondence_report.json")
        )


def _read_trace(report: Path) -> dict[str, str]:
    records = json.loads(report.read_text(encoding="utf-8"))["records"]
    left = [record for record in records if record["exists_in_final_model"]]
    return {record["onnx_output_name"]: record["resolved_tflite_tensor_name"] for record in left}
