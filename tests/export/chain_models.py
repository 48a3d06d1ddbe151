"""Small students and what the export chain makes of them, made once per test session."""

import functools
import tempfile
from pathlib import Path

import numpy as np
import torch
from ai_edge_litert.interpreter import Interpreter

from lwisp_export.conversion.broadcast import multiply_by_zero
from lwisp_export.conversion.graph_cleanup import clean_float_model
from lwisp_export.conversion.onnx_to_tflite import run_converter
from lwisp_export.conversion.torch_to_onnx import export_onnx
from lwisp_export.quantization.quantizer import quantize_fp16, quantize_int8
from lwisp_export.student.config import Activation, StudentConfig, Task
from lwisp_export.student.network import Student
from lwisp_mobile.tflite.graph import Graph


def student(activation: Activation = "relu", task: Task = "isp") -> Student:
    """A student of random weights in which every level matters, and whose picture has blacks and whites."""
    return _student(activation, task)


@functools.cache
def _student(activation: Activation, task: Task) -> Student:
    # A cache takes calls with and without defaults for different ones, and two students can differ in their last bits.
    made = _seeded(StudentConfig(width=8, activation=activation, task=task))
    with torch.no_grad():
        logits = torch.logit(made(_example(made)))
        made.to_rgb.weight.mul_(1.5 / logits.std())
        made.to_rgb.bias.sub_(logits.mean() * 1.5 / logits.std())
    return made


@functools.cache
def skip_student(width: int = 8) -> Student:
    """The same with a noise plane and an image skip; its picture is clipped at both ends."""
    made = _seeded(StudentConfig(width=width, noise_plane=True, image_skip=True))
    with torch.no_grad():
        made.to_rgb.weight.mul_(0.4 / made.develop(_example(made))[0].std())
        made.to_rgb.bias.sub_(made.develop(_example(made))[0].mean() - 0.5)
    return made


def _example(made: Student) -> torch.Tensor:
    return torch.from_numpy(tile(1, planes=made.config.input_planes)).permute(2, 0, 1)[None]


def _seeded(config: StudentConfig) -> Student:
    torch.manual_seed(7)
    made = Student(config).eval()
    with torch.no_grad():
        for layer in made.modules():
            if isinstance(layer, torch.nn.Conv2d):
                if layer.kernel_size == (3, 3):
                    # The student's own start has no biases, and random features without them reach far.
                    layer.reset_parameters()
                # torch's start lets the signal die out, so that most of the network wouldn't matter.
                layer.weight.mul_(2)
    return made


def export(made: Student) -> bytes:
    """The student's ONNX bytes."""
    with tempfile.TemporaryDirectory() as folder:
        export_onnx(made, Path(folder) / "a.onnx")
        return (Path(folder) / "a.onnx").read_bytes()


def convert(onnx_bytes: bytes) -> bytes:
    """The converter's .tflite before surgery."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "b.onnx"
        path.write_bytes(onnx_bytes)
        return run_converter(path, print)


@functools.cache
def onnx_model(activation: Activation = "relu", task: Task = "isp") -> bytes:
    return export(student(activation, task))


@functools.cache
def raw_model(activation: Activation = "relu", task: Task = "isp") -> bytes:
    return convert(onnx_model(activation, task))


@functools.cache
def float_graph(activation: Activation = "relu", task: Task = "isp") -> Graph:
    return clean_float_model(Graph.parse(raw_model(activation, task)))


@functools.cache
def float_model(activation: Activation = "relu", task: Task = "isp") -> bytes:
    return float_graph(activation, task).pack()


@functools.cache
def skip_raw_model() -> bytes:
    return convert(export(skip_student()))


@functools.cache
def skip_graph() -> Graph:
    return clean_float_model(Graph.parse(skip_raw_model()))


@functools.cache
def fp16_model() -> bytes:
    return quantize_fp16(float_graph()).pack()


@functools.cache
def int8_model() -> bytes:
    return quantize_int8(float_graph(), calibration_tiles()).pack()


def shipping_form(model: bytes) -> bytes:
    """The model as an export writes it, but for signatures and contract."""
    return multiply_by_zero(Graph.parse(model)).pack()


def calibration_tiles() -> list[np.ndarray]:
    return [tile(seed) for seed in range(8)]


def tile(seed: int, height: int = 64, width: int = 64, planes: int = 4) -> np.ndarray:
    """A made input: flat patches and noise, from dark to clipped; (height, width, planes) float32 in [0, 1]."""
    rng = np.random.default_rng(seed)
    patches = np.kron(rng.random((height // 8, width // 8, planes)), np.ones((8, 8, 1)))
    exposure = (0.2, 0.6, 1.0, 1.5)[seed % 4]
    return np.clip(patches * exposure + rng.normal(0, 0.01, patches.shape), 0, 1).astype(np.float32)


def develop(made: Student, packed: np.ndarray) -> np.ndarray:
    """What torch makes of a tile. packed: (h, w, planes). Returns (h', w', 3)."""
    with torch.no_grad():
        rgb = made(torch.from_numpy(packed).permute(2, 0, 1)[None])
    return rgb[0].permute(1, 2, 0).numpy()


def run(model: bytes, packed: np.ndarray) -> np.ndarray:
    """The .tflite's picture, resized to the tile, quantised and dequantised as its tensors say."""
    interpreter = Interpreter(model_content=model, num_threads=1)
    source, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    interpreter.resize_tensor_input(source["index"], (1, *packed.shape))
    interpreter.allocate_tensors()
    scale, zero_point = source["quantization"]
    values = packed[None] if not scale else np.rint(packed[None] / scale + zero_point).astype(np.int8)
    interpreter.set_tensor(source["index"], values)
    interpreter.invoke()
    found = interpreter.get_tensor(result["index"])[0]
    scale, zero_point = result["quantization"]
    return found if not scale else (found.astype(np.float32) - zero_point) * np.float32(scale)


def psnr_db(a: np.ndarray, b: np.ndarray) -> float:
    assert np.isfinite(a).all()
    assert np.isfinite(b).all()
    return float(-10 * np.log10(max(np.mean((a.astype(np.float64) - b) ** 2), 1e-20)))
