"""Somebody's network as one ONNX model with all its weights: an .onnx with or without data files, or a .pt2."""

from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from lwisp_mobile.errors import UsageError
from lwisp_mobile.serialize.files import check_file

SUFFIXES = (".onnx", ".pt2")
MAX_BYTES = (1 << 31) - 1
"""Of a protobuf, in which a model with its weights must fit."""
_LFS_POINTER = b"version https://git-lfs"
_PICKLES = (".pt", ".pth", ".ckpt")


def read_source(path: Path) -> onnx.ModelProto:
    """Read a network with its weights.

    Raises UsageError for a file that is missing, empty, a git-lfs pointer, of another kind or broken, and for one
    whose data files are missing.
    """
    check_source(path)
    if path.suffix == ".pt2":
        # Imported here: torch takes seconds to load.
        from lwisp_export.conversion.torch_to_onnx import read_exported_program  # noqa: PLC0415

        return read_exported_program(path)
    try:
        model = onnx.load(path, load_external_data=False)
    except (OSError, DecodeError) as error:
        raise UsageError(f"{path} isn't an ONNX model ({error}). Export it again.") from error
    _load_data(model, path)
    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, ValueError) as error:
        raise UsageError(f"{path} isn't a valid ONNX model ({_first_line(error)}). Export it again.") from error
    return model


def check_source(path: Path) -> None:
    """Raises UsageError for what isn't a network's file, saying what it is."""
    if path.suffix in _PICKLES:
        raise UsageError(
            f"{path} is a pickle, which runs code when it is loaded. Save the network as .onnx (torch.onnx.export) or "
            ".pt2 (torch.export.save) and give that."
        )
    if path.suffix not in SUFFIXES:
        raise UsageError(f"{path} is none of .safetensors (a checkpoint), {', '.join(SUFFIXES)}.")
    try:
        check_file(path, MAX_BYTES)
        with path.open("rb") as file:
            start = file.read(len(_LFS_POINTER))
    except OSError as error:
        raise UsageError(f"There is no file {path} that can be read ({error.strerror}).") from error
    _check_start(path, start)


def _check_start(path: Path, start: bytes) -> None:
    if not start:
        raise UsageError(f"{path} is empty (0 bytes). Export or download it again.")
    if start == _LFS_POINTER:
        raise UsageError(f"{path} is a git-lfs pointer, not the file itself. Run `git lfs pull` in its repository.")


def _load_data(model: onnx.ModelProto, path: Path) -> None:
    """Read the weights that stand in other files."""
    for name in sorted(_data_files(model)):
        data = path.parent / name
        if not data.is_file():
            raise UsageError(f"{path} has weights in {name}, which isn't beside it. Copy that file, too.")
        with data.open("rb") as file:
            _check_start(data, file.read(len(_LFS_POINTER)))
    try:
        onnx.load_external_data_for_model(model, str(path.parent))
    except (OSError, ValueError, onnx.checker.ValidationError) as error:
        raise UsageError(f"{path}: its data files can't be read ({_first_line(error)}). Export it again.") from error
    if model.ByteSize() > MAX_BYTES:
        raise UsageError(f"{path} has {model.ByteSize()} bytes with its weights; at most {MAX_BYTES} can be converted.")


def _data_files(model: onnx.ModelProto) -> set[str]:
    tensors = [*model.graph.initializer]
    tensors += [attribute.t for node in model.graph.node for attribute in node.attribute if attribute.HasField("t")]
    external = [tensor for tensor in tensors if tensor.data_location == onnx.TensorProto.EXTERNAL]
    return {entry.value for tensor in external for entry in tensor.external_data if entry.key == "location"}


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
