"""The model under test: one of a bundle, with its contract, or any .tflite without one."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lwisp_bench.cases.inputs import Image, random_image, raw_image, synthetic_image
from lwisp_mobile.bundle.lookup import find_bundle
from lwisp_mobile.contract import ModelContract
from lwisp_mobile.errors import ModelError, UsageError
from lwisp_mobile.serialize.files import read_file

FLOAT_PRECISION = "fp16"
"""The bundle's reference for drift: its arithmetic is float32."""
MAX_MODEL_BYTES = 1 << 30


@dataclass(frozen=True)
class Subject:
    """A model with its inputs."""

    name: str
    model: bytes
    contract: ModelContract | None
    reference: bytes | None
    """The same student's float model; None for a third-party model."""
    images: tuple[Image, ...]

    @property
    def sha256(self) -> str:
        """Of the model's bytes."""
        return hashlib.sha256(self.model).hexdigest()

    @property
    def precision(self) -> str | None:
        """A student's precision; None for a third-party model."""
        return None if self.contract is None else self.contract.precision


def bundle_subject(name: str, precision: str, side_px: int, raws: Sequence[Path]) -> Subject:
    """A student of a bundle. side_px: packed side. raws: photographs; without any, a synthetic picture.

    Raises UsageError if side_px isn't a multiple of the contract's, BundleError if the model is missing or changed.
    """
    bundle = find_bundle(name)
    contract = bundle.model(precision).contract
    multiple = contract.input.size_multiple
    if side_px <= 0 or side_px % multiple:
        raise UsageError(f"--size {side_px} isn't a multiple of {multiple} (contract.json).")
    images = tuple(raw_image(raw, contract.input, side_px) for raw in raws) or (synthetic_image(side_px),)
    reference = bundle.read(FLOAT_PRECISION)
    return Subject(f"{bundle.name} {precision} {side_px}", bundle.read(precision), contract, reference, images)


def file_subject(path: Path, shapes: Mapping[str, Sequence[int]]) -> Subject:
    """A third-party .tflite with noise as its inputs. Raises ModelError if it can't be read or isn't one."""
    try:
        model = read_file(path, MAX_MODEL_BYTES)
    except OSError as error:
        raise ModelError(f"{path} can't be read ({error.strerror}). Give a .tflite file.") from error
    return Subject(path.name, model, None, None, (random_image(model, shapes),))
