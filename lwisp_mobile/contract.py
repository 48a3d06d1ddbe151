"""The model's contract: all that a program needs to run a .tflite, carried inside it and beside it as JSON.

Written at export and read by Python, Kotlin, C++ and JavaScript. What it says is said nowhere else: planes and their
order, constants of the pre-processing, tensors, signatures with halos, multiples and costs, and the one list of stages.

A signature's inputs and outputs name tensors of `tensors`. So what a stage reads follows from its inputs: the packed
planes, image-wide tensors that `sample` gives, and results of earlier stages, which can be freed after their last
reader.
"""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Literal

from lwisp_mobile.errors import ContractError
from lwisp_mobile.serialize.from_dict import from_dict

CONTRACT_VERSION = 2
METADATA_NAME = "LWISP_CONTRACT"
"""Name of the .tflite metadata buffer that holds the contract as UTF-8 JSON."""

Precision = Literal["float32", "fp16", "int8"]
TENSOR_DTYPES = ("float32", "int8", "uint8", "int16")
MAX_MULTIPLE = 1024
"""No network pools further than this."""
MAX_CHANNELS = 4096
MAX_RESOLUTION = 16

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
    size_multiple: int = 16
    """Sides of the packed input are multiples of this: the network halves it four times."""
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


@dataclass(frozen=True)
class TensorSpec:
    """One named tensor, (1, height, width, channels)."""

    name: str
    dtype: str
    scale: float | None
    """Quantization step; None for a float tensor."""
    zero_point: int | None
    channels: int
    resolution: float
    """Its pixels along a side per packed pixel: 2 for rgb, 0.5 for a feature of half the size; 0: image-wide, 1x1."""

    def __post_init__(self) -> None:
        """Refuse types, steps and sizes that no tensor of ours has."""
        if self.dtype not in TENSOR_DTYPES or (self.scale is None) != (self.dtype == "float32"):
            raise ContractError(f"Tensor {self.name!r}: {self.dtype} with scale {self.scale} can't be. Export again.")
        if self.scale is not None and (self.scale <= 0 or self.zero_point is None):
            raise ContractError(f"Tensor {self.name!r}: scale {self.scale}, zero {self.zero_point}. Export again.")
        if not (1 <= self.channels <= MAX_CHANNELS and 0 <= self.resolution <= MAX_RESOLUTION):
            raise ContractError(
                f"Tensor {self.name!r}: {self.channels} channels at resolution {self.resolution}. Export again."
            )

    @property
    def values_per_packed_px(self) -> float:
        """Values per packed pixel of the picture: 12 for rgb of twice the size; 0 for an image-wide tensor."""
        return self.channels * self.resolution**2


@dataclass(frozen=True)
class SignatureContract:
    """One way to call the model: a signature of the .tflite. Sizes are in packed pixels, whatever it takes."""

    name: str
    inputs: tuple[str, ...]
    """Names of tensors, in the order of the signature."""
    outputs: tuple[str, ...]
    halo_px: int
    """Packed pixels around a tile that its result depends on through convolutions; twice it is a multiple of
    multiple_px. 0 where all outputs are image-wide."""
    multiple_px: int
    """Tiles begin and end at multiples of this many packed pixels."""
    macs_per_packed_px: float
    """Multiply-adds of this graph, as it ships, per packed pixel of its tile."""
    bytes_per_packed_px: float
    """What a run takes beside `interpreter_bytes`, per packed pixel of its tile: XNNPACK's buffers, inputs, outputs."""
    shared_bytes_per_packed_px: float
    """Of that, what isn't kept for this signature alone: of all signatures of an interpreter, the largest counts."""

    def __post_init__(self) -> None:
        """Refuse a geometry that no tile fits."""
        if not 1 <= self.multiple_px <= MAX_MULTIPLE or not 0 <= self.halo_px <= MAX_MULTIPLE:
            raise ContractError(f"{self.name}: halo {self.halo_px} px, multiple {self.multiple_px}. Export again.")
        if not 0 <= self.shared_bytes_per_packed_px <= self.bytes_per_packed_px:
            raise ContractError(
                f"{self.name}: {self.shared_bytes_per_packed_px} shared of {self.bytes_per_packed_px} bytes per px. "
                "Export again."
            )
        if 2 * self.halo_px % self.multiple_px or min(self.macs_per_packed_px, self.bytes_per_packed_px) <= 0:
            raise ContractError(
                f"{self.name}: halo {self.halo_px} px at multiples of {self.multiple_px}, {self.macs_per_packed_px} "
                f"multiply-adds and {self.bytes_per_packed_px} bytes per px. Export again."
            )


@dataclass(frozen=True)
class ModelContract:
    """What one .tflite takes and returns."""

    name: str
    task: str
    precision: Precision
    """fp16 is of the weights alone; arithmetic is float32."""
    parameters: int
    """Weights and biases of the network as trained; the exported graph may hold an equal form of other size."""
    macs_per_packed_px: float
    """Multiply-adds of the network as trained per pixel of its input, for reports; a signature says its graph's own."""
    weights_sha256: str
    """SHA-256 of the checkpoint file this model was made from."""
    interpreter_bytes: int
    """What an interpreter takes whatever the size of its input."""
    input: InputContract
    context: ContextContract
    """Which sample of a frame `sample` is given."""
    tensors: tuple[TensorSpec, ...]
    """Every tensor that a signature names."""
    whole: SignatureContract
    """A frame by itself: packed planes to picture."""
    sample: SignatureContract
    """A frame's sample to its image-wide quantities: channel gates and global vector."""
    develop: SignatureContract
    """A frame or tile with a frame's image-wide quantities: to the picture."""
    stages: tuple[SignatureContract, ...]
    """`develop` in parts, in order, for large frames: run one after another over the frame, each on its own tiles."""
    rendered_tone: RenderedTone = "contrast"
    """The tone that pictures have as the network gives them; `lwisp_mobile.output.tone` makes others of it."""
    contract_version: int = CONTRACT_VERSION

    def __post_init__(self) -> None:
        """Refuse signatures that don't fit together, or tensors that none describes."""
        for signature in (self.whole, self.sample, self.develop, *self.stages):
            for name in (*signature.inputs, *signature.outputs):
                self.tensor(name)
        picture, wide = self.whole.outputs, {*self.whole.inputs, *self.sample.outputs}
        if len(self.whole.inputs) != 1 or len(picture) != 1:
            raise ContractError(f"{self.name}: {self.whole.name} must take one tensor and return one. Export again.")
        if self.sample.inputs != self.whole.inputs:
            raise ContractError(f"{self.name}: {self.sample.name} must take what {self.whole.name} does. Export again.")
        self._check_chain((self.develop,), wide, picture)
        self._check_chain(self.stages, wide, picture)
        if self.context.grid * self.context.crop_px % self.input.size_multiple:
            raise ContractError(
                f"A context of {self.context.grid} crops of {self.context.crop_px} px isn't a multiple of "
                f"{self.input.size_multiple}. Export again."
            )

    def _check_chain(
        self, stages: tuple[SignatureContract, ...], given: Collection[str], picture: tuple[str, ...]
    ) -> None:
        """Raise ContractError unless each stage's inputs are there before it, and the last gives the picture."""
        known = {*given}
        for stage in stages:
            if not known.issuperset(stage.inputs):
                missing = ", ".join(sorted({*stage.inputs} - known))
                raise ContractError(f"{self.name}: nothing before {stage.name!r} gives {missing}. Export again.")
            known.update(stage.outputs)
        if not stages or stages[-1].outputs != picture:
            raise ContractError(f"{self.name}: the last stage must give {', '.join(picture)}. Export again.")

    def tensor(self, name: str) -> TensorSpec:
        """The tensor of a name. Raises ContractError if there's none."""
        for spec in self.tensors:
            if spec.name == name:
                return spec
        known = ", ".join(spec.name for spec in self.tensors)
        raise ContractError(f"{self.name}: the contract describes no tensor {name!r}; it has {known}. Export again.")

    @property
    def input_tensor(self) -> TensorSpec:
        """The packed planes."""
        return self.tensor(self.whole.inputs[0])

    @property
    def output_tensor(self) -> TensorSpec:
        """The picture."""
        return self.tensor(self.whole.outputs[0])

    @property
    def output_scale(self) -> int:
        """Picture pixels along a side per packed pixel."""
        return round(self.output_tensor.resolution)


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
    if version != CONTRACT_VERSION or isinstance(version, bool):
        older = isinstance(version, int) and version < CONTRACT_VERSION
        raise ContractError(
            f"{where}: contract version {version!r}; this release reads version {CONTRACT_VERSION}. "
            + ("Export the model again from its checkpoint (`lwisp export`)." if older else "Update lwisp-mobile.")
        )
    return from_dict(ModelContract, tree, where, ContractError)
