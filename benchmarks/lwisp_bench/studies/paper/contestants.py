"""The models to compare: PyNET and students converted by the export chain, bundles' INT8, and the user's .tflite."""

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from lwisp_bench.cases.subject import Subject, bundle_subject, file_subject
from lwisp_bench.devices.transport import last_line
from lwisp_bench.errors import PeerError
from lwisp_mobile.bundle.lookup import find_bundle
from lwisp_mobile.child_process import child_environment, python_command
from lwisp_mobile.inspect.model_facts import inspect_tflite
from lwisp_mobile.progress import Progress
from lwisp_mobile.serialize.files import atomic_write
from lwisp_mobile.serialize.from_dict import from_dict
from lwisp_mobile.serialize.json_text import to_json

PYNET = "PyNET level 0"
STUDENTS = {"lwisp": "LW-ISP", "lwisp-lite": "lwisp-lite"}
"""Shipped bundles and their names in the table."""
Engine = Literal["LiteRT", "ONNX Runtime"]
Weights = Literal["random", "trained", "unknown"]


@dataclass(frozen=True)
class Contestant:
    """One model on one engine."""

    name: str
    engine: Engine
    precision: Literal["float32", "int8", "as it is"]
    weights: Weights
    """Random ones cost the same, but their pictures are meaningless."""
    parameters: int | None
    macs: int | None
    """Multiply-adds of the network's convolutions at this size, as trained; of a third-party .tflite: of its graph."""
    subject: Subject | None
    """For LiteRT."""
    onnx: Path | None
    """For ONNX Runtime."""
    file_bytes: int


@dataclass(frozen=True)
class FloatModel:
    """A float model as the export chain converts it: the answer of `lwisp convert`."""

    name: str
    onnx: str
    tflite: str
    parameters: int | None
    macs: int | None


@dataclass(frozen=True)
class Choice:
    """The user's choice."""

    side_px: int
    """Packed side."""
    work: Path
    """Folder for converted models; PyNET is reused if it is there."""
    others: tuple[Path, ...]
    """Third-party .tflite files."""


Converter = Callable[[str, Choice, Progress], FloatModel]
"""Converts PYNET, or a shipped student by its bundle's name."""


def convert_model(source: str, choice: Choice, progress: Progress) -> FloatModel:
    """Convert PyNET or a student for a size. Raises PeerError if the chain fails."""
    if source == PYNET:
        return _pynet(choice, progress)
    progress(f"{source}: checkpoint to ONNX to float32 .tflite")
    return _convert(source, choice)


def contestants(choice: Choice, progress: Progress, convert: Converter = convert_model) -> tuple[Contestant, ...]:
    """Convert and gather everything, PyNET first.

    Raises PeerError if the chain fails, UsageError on a size that isn't a multiple of 16, ModelError, BundleError.
    """
    choice.work.mkdir(parents=True, exist_ok=True)
    # First: it refuses a bad size before minutes are spent.
    int8 = [_int8(bundle, name, choice.side_px) for bundle, name in STUDENTS.items()]
    found = list(_float(PYNET, convert(PYNET, choice, progress), "random"))
    for (bundle, name), quantised in zip(STUDENTS.items(), int8):
        found += [*_float(name, convert(bundle, choice, progress), "trained"), quantised]
    return (*found, *(_other(path) for path in choice.others))


def _float(name: str, model: FloatModel, weights: Weights) -> Iterator[Contestant]:
    """A float model on both engines."""
    tflite, onnx = Path(model.tflite), Path(model.onnx)
    facts = (weights, model.parameters, model.macs)
    yield Contestant(name, "LiteRT", "float32", *facts, file_subject(tflite, {}), None, tflite.stat().st_size)
    yield Contestant(name, "ONNX Runtime", "float32", *facts, None, onnx, onnx.stat().st_size)


def _int8(bundle: str, name: str, side_px: int) -> Contestant:
    subject = bundle_subject(bundle, "int8", side_px, ())
    contract = find_bundle(bundle).model("int8").contract
    return Contestant(
        name=name,
        engine="LiteRT",
        precision="int8",
        weights="trained",
        parameters=contract.parameters,
        macs=round(contract.macs_per_packed_px * side_px**2),
        subject=subject,
        onnx=None,
        file_bytes=len(subject.model),
    )


def _other(path: Path) -> Contestant:
    subject = file_subject(path, {})
    macs = inspect_tflite(subject.model).macs
    return Contestant(path.name, "LiteRT", "as it is", "unknown", None, macs, subject, None, len(subject.model))


def _pynet(choice: Choice, progress: Progress) -> FloatModel:
    """PyNET for this size, converted if it isn't there yet."""
    note = choice.work / f"pynet-{choice.side_px}.json"
    if not note.exists():
        progress("PyNET: torch to ONNX to float32 .tflite, some minutes")
        onnx = choice.work / f"pynet-{choice.side_px}.onnx"
        cost = json.loads(_python("lwisp_bench.studies.networks.write_pynet", str(onnx), str(choice.side_px)))
        model = replace(_convert(str(onnx), choice), parameters=cost["parameters"], macs=cost["macs"])
        with atomic_write(note) as temporary:
            temporary.write_text(to_json(model))
    return from_dict(FloatModel, json.loads(note.read_text()), str(note), PeerError)


def _convert(source: str, choice: Choice) -> FloatModel:
    """Convert by the factory's command: the two packages don't import each other."""
    options = ["-o", str(choice.work), "--size", str(choice.side_px), "--json"]
    return from_dict(
        FloatModel, json.loads(_python("lwisp_mobile", "convert", source, *options)), "lwisp convert", PeerError
    )


def _python(module: str, *arguments: str) -> str:
    command = python_command("-m", module, *arguments)
    done = subprocess.run(command, capture_output=True, text=True, env=child_environment(), check=False)
    if done.returncode != 0:
        raise PeerError(
            f"{module} {arguments[0]} failed ({last_line(done.stderr)}). "
            "The chain needs the extra export: pip install 'lwisp-mobile[export]'"
        )
    return done.stdout
