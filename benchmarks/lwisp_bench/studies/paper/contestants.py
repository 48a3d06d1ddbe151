"""What is measured: PyNET and students made by the export chain, bundles' INT8, and any .tflite the user names."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lwisp_bench.devices.transport import last_line
from lwisp_bench.errors import PeerError
from lwisp_bench.suite.subjects import Subject, bundle_subject, file_subject
from lwisp_mobile.bundle.lookup import find_bundle
from lwisp_mobile.inspect.model_facts import inspect_tflite
from lwisp_mobile.serialize.files import atomic_write
from lwisp_mobile.serialize.from_dict import from_dict
from lwisp_mobile.serialize.json_text import to_json

PYNET = "PyNET level 0"
STUDENTS = {"lwisp": "LW-ISP", "lwisp-lite": "lwisp-lite"}
"""What ships, by the bundle's name, and what it is called here."""
Engine = Literal["LiteRT", "ONNX Runtime"]
Weights = Literal["random", "trained", "unknown"]
Step = Callable[[str], None]


@dataclass(frozen=True)
class Contestant:
    """One model on one engine."""

    name: str
    engine: Engine
    precision: Literal["float32", "int8", "as it is"]
    weights: Weights
    """Random ones cost the same; they say nothing of pictures."""
    parameters: int | None
    macs: int | None
    """Multiply-adds of the network's convolutions at this size, as trained; somebody else's .tflite: of its graph."""
    subject: Subject | None
    """What LiteRT runs."""
    onnx: Path | None
    """What ONNX Runtime runs."""
    file_bytes: int


@dataclass(frozen=True)
class _Made:
    """A float model through the chain: `lwisp convert`'s answer."""

    name: str
    onnx: str
    tflite: str
    parameters: int | None
    macs: int | None


@dataclass(frozen=True)
class Choice:
    """What the user asked for."""

    side_px: int
    """Packed side."""
    work: Path
    """Folder for what the chain makes; PyNET is taken from it if it is there."""
    others: tuple[Path, ...]
    """Anybody's .tflite files."""


def contestants(choice: Choice, step: Step) -> tuple[Contestant, ...]:
    """Make and gather everything, PyNET first.

    Raises PeerError if the chain fails, UsageError on a size that isn't a multiple of 16, ModelError, BundleError.
    """
    choice.work.mkdir(parents=True, exist_ok=True)
    # First: it refuses a bad size before minutes are spent.
    int8 = [_int8(bundle, name, choice.side_px) for bundle, name in STUDENTS.items()]
    found = list(_float(PYNET, _pynet(choice, step), "random"))
    for (bundle, name), quantised in zip(STUDENTS.items(), int8):
        found += [*_float(name, _student(bundle, choice, step)), quantised]
    return (*found, *(_other(path) for path in choice.others))


def _float(name: str, made: _Made, weights: Weights = "trained") -> Iterator[Contestant]:
    """A float model on both engines."""
    tflite, onnx = Path(made.tflite), Path(made.onnx)
    facts = (weights, made.parameters, made.macs)
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


def _student(source: str, choice: Choice, step: Step) -> _Made:
    step(f"{source}: checkpoint to ONNX to float32 .tflite")
    return _convert(source, choice.work, choice.side_px)


def _pynet(choice: Choice, step: Step) -> _Made:
    """PyNET for this size, made if it isn't there yet."""
    note = choice.work / f"pynet-{choice.side_px}.json"
    if not note.exists():
        step("PyNET: torch to ONNX to float32 .tflite, some minutes")
        onnx = choice.work / f"pynet-{choice.side_px}.onnx"
        cost = json.loads(_python("lwisp_bench.studies.peers.write_pynet", str(onnx), str(choice.side_px)))
        converted = _convert(str(onnx), choice.work, choice.side_px)
        made = _Made(converted.name, converted.onnx, converted.tflite, cost["parameters"], cost["macs"])
        with atomic_write(note) as temporary:
            temporary.write_text(to_json(made))
    return from_dict(_Made, json.loads(note.read_text()), str(note), PeerError)


def _convert(source: str, work: Path, side_px: int) -> _Made:
    """The factory's part, by its command: the two packages don't import each other."""
    text = _python("lwisp_mobile", "convert", source, "-o", str(work), "--size", str(side_px), "--json")
    return from_dict(_Made, json.loads(text), "lwisp convert", PeerError)


def _python(module: str, *arguments: str) -> str:
    command: Sequence[str] = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PeerError(
            f"{module} {arguments[0]} failed ({last_line(done.stderr)}). "
            "The chain needs the extra export: pip install 'lwisp-mobile[export]'"
        )
    return done.stdout
