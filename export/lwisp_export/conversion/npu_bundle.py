"""A bundle's models compiled for phones' NPUs, beside the plain ones; compiled.json says what each file is."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

from lwisp_export.conversion.qualcomm import CHIPS, compile_for_qualcomm
from lwisp_export.errors import ConversionError
from lwisp_mobile.bundle.bundle import Bundle, ModelFile
from lwisp_mobile.contract import ModelContract
from lwisp_mobile.errors import UsageError
from lwisp_mobile.progress import Progress
from lwisp_mobile.serialize.files import atomic_write
from lwisp_mobile.serialize.json_text import to_json

COMPILED_FILE = "compiled.json"
VENDOR = "qualcomm"
_WITHOUT_COMPILER = ("mediatek", "samsung", "google_tensor")


@dataclass(frozen=True)
class NpuTarget:
    """A chip to compile for."""

    vendor: str
    chip: str


@dataclass(frozen=True)
class CompiledFile:
    """One model compiled for one chip. The plain model stays what other devices run."""

    file: str
    sha256: str
    bytes: int
    vendor: str
    chip: str
    """As `getprop ro.soc.model` says it: the file runs on this chip alone."""
    precision: str
    source: str
    """The plain model's file."""
    source_sha256: str
    operators: int
    """Of all signatures; the NPU runs all."""
    partitions: int
    """One for each signature."""
    compiler: str
    contract: ModelContract
    """The plain model's: tensors, scales and signatures are the same."""


@dataclass(frozen=True)
class CompiledFiles:
    """compiled.json."""

    models: tuple[CompiledFile, ...]
    version: int = 1


def read_target(text: str) -> NpuTarget:
    """A target by its name, qualcomm:SM8650. Raises UsageError, naming those that were tried, on another."""
    vendor, _, chip = text.partition(":")
    if vendor in _WITHOUT_COMPILER:
        raise UsageError(f"{text}: the compiler for {vendor} is in its vendor's SDK, which no package registry has.")
    if vendor != VENDOR or chip not in CHIPS:
        known = ", ".join(f"{VENDOR}:{number} ({name})" for number, name in CHIPS.items())
        raise UsageError(f"No target {text!r}; there are: {known}.")
    return NpuTarget(vendor, chip)


def compile_bundle(bundle: Bundle, targets: Sequence[NpuTarget], progress: Progress) -> CompiledFiles:
    """Compile every model of a bundle for every target, into its folder; writes compiled.json.

    Raises ConversionError if a compiler fails or leaves operators to the CPU.
    """
    found = []
    for target in targets:
        for model in bundle.models:
            progress(f"compiling {model.file} for {target.chip}")
            found.append(_compile(bundle, model, target, progress))
    compiled = CompiledFiles(tuple(found))
    with atomic_write(bundle.folder / COMPILED_FILE) as temporary:
        temporary.write_text(to_json(compiled) + "\n", encoding="utf-8")
    return compiled


def _compile(bundle: Bundle, model: ModelFile, target: NpuTarget, progress: Progress) -> CompiledFile:
    precision = model.contract.precision
    compiled = compile_for_qualcomm(bundle.read(precision), target.chip, progress)
    if compiled.model is None or compiled.taken < compiled.operators:
        raise ConversionError(
            f"{target.chip}'s compiler takes {compiled.taken} of {compiled.operators} operations of {model.file}. "
            "`lwisp inspect --strict` names those that an NPU refuses."
        )
    name = f"{model.file.removesuffix('.tflite')}.{target.chip}.tflite"
    with atomic_write(bundle.folder / name) as temporary:
        temporary.write_bytes(compiled.model)
    return CompiledFile(
        file=name,
        sha256=hashlib.sha256(compiled.model).hexdigest(),
        bytes=len(compiled.model),
        vendor=target.vendor,
        chip=target.chip,
        precision=precision,
        source=model.file,
        source_sha256=model.sha256,
        operators=compiled.operators,
        partitions=compiled.partitions,
        compiler=f"LiteRT {version('ai-edge-litert')}, QAIRT 2.51",
        contract=model.contract,
    )
