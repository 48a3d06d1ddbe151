"""The model's contract: what a .tflite eats and gives, carried inside it and beside it as JSON."""

import json
from dataclasses import asdict, dataclass
from typing import Literal

from lwisp_mobile.errors import ContractError
from lwisp_mobile.serialize.from_dict import from_dict

CONTRACT_VERSION = 1
METADATA_NAME = "LWISP_CONTRACT"
"""Name of the .tflite metadata buffer that holds the contract as UTF-8 JSON."""

Precision = Literal["float32", "fp16", "int8"]
TENSOR_DTYPES = ("float32", "int8", "uint8", "int16")
SIZE_MULTIPLE = 16
"""The network halves its input four times."""
MAX_MULTIPLE = 1024
"""No network pools further than this."""

MOSAIC_PLANES = ("R", "Gr", "Gb", "B")
NOISE_PLANE = "noise"
ColorShift = Literal["quad", "smoothed"]
RenderedTone = Literal["neutral", "contrast"]
"""Tones of networks' pictures: sRGB-encoded light, or that under the S-curve 3 y^2 - 2 y^3."""

Matrix3 = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]


@dataclass(frozen=True)
class InputContract:
    """How a mosaic becomes the input tensor.

    Stages, in this order: bad pixels, black, white balance, lens shading, clip above 1, colour, exposure, curve; then
    the noise plane. `lwisp_mobile.preprocess` has their formulas.
    """

    planes: tuple[str, ...] = MOSAIC_PLANES
    """Channel order of the input tensor: MOSAIC_PLANES, and NOISE_PLANE after them if the network is told the noise."""
    size_multiple: int = SIZE_MULTIPLE
    """Sides of the packed input are multiples of this."""
    subtract_black: bool = True
    """Subtract each site's black level; then divide by (white - black)."""
    bad_pixels: bool = True
    """Replace the pixels that the file calls bad."""
    lens_shading: bool = True
    """Multiply by the gains with which the file undoes its lens's shading."""
    white_balance: bool = True
    """Multiply by the as-shot gains, the smallest scaled to 1; then clip to 1."""
    reference_to_srgb: Matrix3 | None = None
    """The reference camera's white-balanced RGB to linear sRGB; None: camera colour is left as it is."""
    color_shift: ColorShift = "quad"
    """What colours are moved by: each quad's own differences R - G and B - G, or those smoothed over 5x5 quads."""
    exposure_knee: float | None = None
    """Light of the exposed picture from which it's rolled off towards white; None: a gain before the clip to 1, which
    burns what it brings above white."""
    curve_offset: float = 1 / 2048
    """Offset o of the curve sqrt((x + o) / (1 + o))."""
    noise_full_scale: float = 0.125
    """Standard deviation under the curve that is 1 in the noise plane; higher ones are 1, too."""

    def __post_init__(self) -> None:
        """Refuse what no picture can be made with."""
        if self.planes not in (MOSAIC_PLANES, (*MOSAIC_PLANES, NOISE_PLANE)):
            raise ContractError(
                f"planes are {self.planes}; {MOSAIC_PLANES} and {NOISE_PLANE!r} are known. Export again."
            )
        if not 1 <= self.size_multiple <= MAX_MULTIPLE:
            raise ContractError(f"size_multiple {self.size_multiple} is out of 1 to {MAX_MULTIPLE}. Export again.")
        for name in ("curve_offset", "noise_full_scale", "exposure_knee"):
            value = getattr(self, name)
            if value is not None and not 0 < value < 1:
                raise ContractError(f"{name} {value} is out of (0, 1). Export again.")

    @property
    def has_noise_plane(self) -> bool:
        """Whether the network is told the noise."""
        return NOISE_PLANE in self.planes


@dataclass(frozen=True)
class ContextContract:
    """Which part of a frame the image-wide quantities are taken from (`lwisp_mobile.frame.global_context`)."""

    grid: int = 4
    """Crops along each side of the frame."""
    crop_px: int = 64
    """Side of a crop in packed pixels."""

    def __post_init__(self) -> None:
        """Refuse a grid that no frame can be sampled with."""
        if not 2 <= self.grid <= MAX_MULTIPLE or not 1 <= self.crop_px <= MAX_MULTIPLE:
            raise ContractError(f"A context of {self.grid} crops of {self.crop_px} px can't be. Export again.")
        if self.grid * self.crop_px % SIZE_MULTIPLE:
            raise ContractError(
                f"A context of {self.grid} crops of {self.crop_px} px isn't a multiple of {SIZE_MULTIPLE}."
            )


@dataclass(frozen=True)
class TensorSpec:
    """One tensor of a signature."""

    name: str
    dtype: str
    scale: float | None
    """Quantisation step; None for a float tensor."""
    zero_point: int | None

    def __post_init__(self) -> None:
        """Refuse types and steps that no tensor of ours has."""
        if self.dtype not in TENSOR_DTYPES or (self.scale is None) != (self.dtype == "float32"):
            raise ContractError(f"Tensor {self.name!r}: {self.dtype} with scale {self.scale} can't be. Export again.")
        if self.scale is not None and (self.scale <= 0 or self.zero_point is None):
            raise ContractError(f"Tensor {self.name!r}: scale {self.scale}, zero {self.zero_point}. Export again.")


@dataclass(frozen=True)
class StageContract:
    """One of the signatures that together do what "develop" does, each on tiles of its own size."""

    signature: str
    halo_px: int
    """Packed pixels around a tile that its result depends on; twice it is a multiple of multiple_px."""
    multiple_px: int
    """Tiles begin and end at multiples of this many packed pixels."""
    macs_per_packed_px: float
    """Multiply-adds of this stage's graph per packed pixel of its tile."""
    values_per_packed_px: float
    """Values of its result per packed pixel: 12 for a picture of twice the size."""
    reads: tuple[str, ...] = ()
    """Earlier stages whose results it takes."""

    def __post_init__(self) -> None:
        """Refuse a geometry that no tile fits."""
        if self.multiple_px not in (1, 2, 4, 8, SIZE_MULTIPLE) or not 0 <= self.halo_px <= MAX_MULTIPLE:
            raise ContractError(f"{self.signature}: halo {self.halo_px} px, multiple {self.multiple_px}. Export again.")
        if 2 * self.halo_px % self.multiple_px or min(self.macs_per_packed_px, self.values_per_packed_px) <= 0:
            raise ContractError(
                f"{self.signature}: halo {self.halo_px} px, {self.macs_per_packed_px} multiply-adds and "
                f"{self.values_per_packed_px} values per px. Export again."
            )


@dataclass(frozen=True)
class ModelContract:
    """What one .tflite eats and gives."""

    name: str
    task: str
    precision: Precision
    """fp16 is of the weights alone; arithmetic is float32."""
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
    context: ContextContract = ContextContract()
    """What the signature "context" is given."""
    context_tensors: tuple[TensorSpec, ...] = ()
    """What "context" gives and "develop" takes beside the input: gates and global vector, each (1, 1, 1, channels)."""
    stages: tuple[StageContract, ...] = ()
    """"develop" in parts, in order: the first takes the input, the last gives the output."""
    lean_stages: tuple[StageContract, ...] = ()
    """The same with less held between them, and more computed twice."""
    signature: str = "serving_default"
    contract_version: int = CONTRACT_VERSION


def to_json(contract: ModelContract) -> str:
    """Write a contract as JSON with sorted keys, so that equal contracts are equal bytes."""
    return json.dumps(asdict(contract), indent=1, sort_keys=True, allow_nan=False)


def from_json(text: str | bytes, where: str) -> ModelContract:
    """Read a contract. where: the file, for the message. Raises ContractError."""
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ContractError(f"{where}: the contract isn't JSON ({error}). Export the model again.") from error
    return from_tree(tree, where)


def from_tree(tree: object, where: str) -> ModelContract:
    """Read a contract from parsed JSON. Raises ContractError."""
    version = tree.get("contract_version") if isinstance(tree, dict) else None
    if version != CONTRACT_VERSION:
        raise ContractError(
            f"{where}: contract version {version!r} isn't known; this release reads version {CONTRACT_VERSION}. "
            "Update lwisp-mobile or export the model again."
        )
    return from_dict(ModelContract, tree, where, ContractError)
