"""The model's contract: what a .tflite eats and gives, carried inside it and beside it as JSON."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from lwisp_mobile.errors import ContractError

CONTRACT_VERSION = 1
METADATA_NAME = "LWISP_CONTRACT"
"""Name of the .tflite metadata buffer that holds the contract as UTF-8 JSON."""

Matrix3 = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]


@dataclass(frozen=True)
class InputContract:
    """How a mosaic becomes the input tensor; the stages run in the order of the fields."""

    planes: tuple[str, ...] = ("R", "Gr", "Gb", "B")
    """Channel order of the input tensor."""
    size_multiple: int = 16
    """Sides of the packed input are multiples of this."""
    subtract_black: bool = True
    """Subtract each site's black level; then divide by (white - black)."""
    white_balance: bool = True
    """Multiply by the as-shot gains, the smallest scaled to 1; then clip to 1."""
    reference_to_srgb: Matrix3 | None = None
    """The reference camera's white-balanced RGB to linear sRGB; None: camera colour is left as it is."""
    curve_offset: float = 1 / 2048
    """Offset o of the curve sqrt((x + o) / (1 + o))."""


@dataclass(frozen=True)
class TensorSpec:
    """One tensor of a signature."""

    name: str
    dtype: str
    scale: float | None
    """Quantisation step; None for a float tensor."""
    zero_point: int | None


@dataclass(frozen=True)
class ModelContract:
    """What one .tflite eats and gives."""

    name: str
    task: str
    precision: str
    """float32, fp16 (weights only) or int8."""
    input: InputContract
    input_tensor: TensorSpec
    output_tensor: TensorSpec
    output_scale: int
    """Output pixels per packed pixel: 2 for isp."""
    halo_px: int
    """Packed pixels around an output pixel that convolutions see (not the image-wide quantities)."""
    parameters: int
    """Weights and biases of the network as trained; the exported graph may hold an equal form of other size."""
    macs_per_packed_px: float
    """Multiply-adds of the network as trained per pixel of its input."""
    weights_sha256: str
    """SHA-256 of the checkpoint file this model was made from."""
    signature: str = "serving_default"
    contract_version: int = CONTRACT_VERSION


def to_json(contract: ModelContract) -> str:
    """Write a contract as JSON with sorted keys, so that equal contracts are equal bytes."""
    return json.dumps(asdict(contract), indent=1, sort_keys=True)


def from_json(text: str | bytes, where: str) -> ModelContract:
    """Read a contract. where: the file, for the message. Raises ContractError."""
    try:
        return _from_dict(json.loads(text))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ContractError(f"{where}: the contract can't be read ({error}). Export the model again.") from error


def _from_dict(data: dict[str, Any]) -> ModelContract:
    version = data.get("contract_version")
    if version != CONTRACT_VERSION:
        raise ContractError(
            f"Contract version {version!r} isn't known; this release reads version {CONTRACT_VERSION}. "
            "Update lwisp-mobile or export the model again."
        )
    stages = dict(data["input"])
    stages["planes"] = tuple(stages["planes"])
    if stages["reference_to_srgb"] is not None:
        stages["reference_to_srgb"] = tuple(tuple(float(v) for v in row) for row in stages["reference_to_srgb"])
    parts = {
        "input": InputContract(**stages),
        "input_tensor": TensorSpec(**data["input_tensor"]),
        "output_tensor": TensorSpec(**data["output_tensor"]),
    }
    return ModelContract(**{**data, **parts})
