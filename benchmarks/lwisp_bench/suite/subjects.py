"""What is measured: a model of a bundle, with its contract, or any .tflite without one."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lwisp_bench.suite.inputs import Image, made_image, random_image, raw_image
from lwisp_mobile.bundle.lookup import find_bundle
from lwisp_mobile.contract import ModelContract
from lwisp_mobile.errors import ModelError, UsageError

FLOAT_PRECISION = "fp16"
"""The bundle's model that drift is measured from: its arithmetic is float32."""
MAX_MODEL_BYTES = 1 << 30


@dataclass(frozen=True)
class Subject:
    """A model with what it is fed."""

    name: str
    model: bytes
    contract: ModelContract | None
    reference: bytes | None
    """The same student's float model; None for a third party's."""
    images: tuple[Image, ...]

    @property
    def sha256(self) -> str:
        """Of the model's bytes."""
        return hashlib.sha256(self.model).hexdigest()

    @property
    def precision(self) -> str | None:
        """A student's precision; None for a third party's model."""
        return None if self.contract is None else self.contract.precision


def bundle_subject(name: str, precision: str, side_px: int, raws: Sequence[Path]) -> Subject:
    """A student of a bundle. side_px: packed side. raws: photographs; without any, a made picture.

    Raises UsageError if side_px isn't a multiple of the contract's, BundleError if the model is missing or changed.
    """
    bundle = find_bundle(name)
    contract = bundle.model(precision).contract
    multiple = contract.input.size_multiple
    if side_px <= 0 or side_px % multiple:
        raise UsageError(f"--size {side_px} isn't a multiple of {multiple} (contract.json).")
    images = tuple(raw_image(raw, contract.input, side_px) for raw in raws) or (made_image(side_px),)
    reference = bundle.read(FLOAT_PRECISION)
    return Subject(f"{bundle.name} {precision} {side_px}", bundle.read(precision), contract, reference, images)


def file_subject(path: Path, shapes: Mapping[str, Sequence[int]]) -> Subject:
    """Anybody's .tflite, fed with noise. Raises ModelError if it can't be read or isn't one."""
    try:
        size = path.stat().st_size
        if size > MAX_MODEL_BYTES:
            raise ModelError(f"{path} has {size} bytes; at most {MAX_MODEL_BYTES} are read.")
        model = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} can't be read ({error.strerror}).") from error
    return Subject(path.name, model, None, None, (random_image(model, shapes),))
