"""What the device computed: bit for bit against this host, and as a picture against the float student."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwisp_bench.errors import WorkerError
from lwisp_bench.results.drift_pictures import DriftPictures, keep_pictures
from lwisp_mobile.contract import ModelContract
from lwisp_mobile.engine.quantization import dequantize
from lwisp_mobile.metrics import Comparison, compare

Arrays = tuple[NDArray[Any], ...]


@dataclass(frozen=True)
class OutputCheck:
    """One output tensor of the device beside this host's, of the same model on the same input."""

    image: str
    output: int
    """Place among the model's outputs."""
    dtype: str
    shape: tuple[int, ...]
    bit_equal: bool
    max_abs_diff: float | None
    """In the tensor's own unit: codes of an integer tensor. Null where nothing finite is left, or shapes differ."""
    non_finite: int
    """NaN and infinite values that the device gave."""


@dataclass(frozen=True)
class Drift:
    """The device's picture against the float student's, both sRGB in [0, 1], computed on this host."""

    image: str
    comparison: Comparison
    pictures: DriftPictures | None
    """Null where they weren't kept."""


def read_outputs(npz: bytes) -> Arrays:
    """A worker's outputs of one image."""
    with np.load(io.BytesIO(npz)) as archive:
        return tuple(archive[f"arr_{index}"] for index in range(len(archive.files)))


def split_outputs(data: bytes, host: Arrays) -> Arrays:
    """Outputs written one after the other, in the forms of this host's. Raises WorkerError on another size."""
    sizes = [array.nbytes for array in host]
    if len(data) != sum(sizes):
        raise WorkerError(f"The outputs have {len(data)} bytes, this host's {sum(sizes)}; the models' sizes differ.")
    ends = np.cumsum(sizes)
    parts = (data[end - size : end] for size, end in zip(sizes, ends))
    return tuple(np.frombuffer(part, array.dtype).reshape(array.shape) for part, array in zip(parts, host))


def check_outputs(image: str, device: Arrays, host: Arrays) -> tuple[OutputCheck, ...]:
    """Compare every output of one image."""
    return tuple(
        _check(image, index, mine, theirs) for index, (mine, theirs) in enumerate(zip(device, host, strict=True))
    )


def picture_drift(
    image: str, device: Arrays, reference: Arrays, contract: ModelContract, folder: Path | None = None
) -> Drift:
    """Compare the picture with the float model's. reference: the float model's outputs for the same planes.

    folder: where pictures of the drift are kept, if all their values are finite.
    """
    rgb, float_rgb = dequantize(device[0][0], contract.output_tensor), reference[0][0].astype(np.float32)
    comparison = compare(rgb, float_rgb)
    if folder is None or comparison.non_finite:
        return Drift(image, comparison, None)
    return Drift(image, comparison, keep_pictures(folder, rgb, float_rgb))


def worst(drifts: Sequence[Drift]) -> Drift | None:
    """The picture with the lowest PSNR; None without pictures. An equal picture has none, and is the best."""
    return min(drifts, key=lambda drift: _psnr(drift.comparison), default=None)


def _psnr(comparison: Comparison) -> float:
    return float("inf") if comparison.psnr_db is None else comparison.psnr_db


def _check(image: str, index: int, device: NDArray[Any], host: NDArray[Any]) -> OutputCheck:
    same_form = device.shape == host.shape and device.dtype == host.dtype
    numeric = np.issubdtype(device.dtype, np.number)
    finite = np.isfinite(device) if numeric else np.ones(device.shape, bool)
    return OutputCheck(
        image=image,
        output=index,
        dtype=str(device.dtype),
        shape=device.shape,
        # Bytes, not values: NaN must equal NaN here, and -0 mustn't equal 0.
        bit_equal=same_form and device.tobytes() == host.tobytes(),
        max_abs_diff=_max_abs_diff(device, host) if same_form and numeric else None,
        non_finite=int(finite.size - np.count_nonzero(finite)),
    )


def _max_abs_diff(device: NDArray[Any], host: NDArray[Any]) -> float | None:
    finite = np.isfinite(device) & np.isfinite(host)
    differences = np.abs(device[finite].astype(np.float64) - host[finite].astype(np.float64))
    return float(differences.max()) if differences.size else None
