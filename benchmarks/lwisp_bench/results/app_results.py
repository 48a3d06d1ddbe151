"""Runs saved by the Android demo app (`format: lwisp-app-run`), read as records of the harness.

The app saves its own series only: no outputs, memory or delegate coverage. What it doesn't report stays null.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lwisp_bench.cases.setup import Setup
from lwisp_bench.devices.conditions import Conditions
from lwisp_bench.devices.description import DeviceDescription, fingerprint
from lwisp_bench.errors import ResultsError
from lwisp_bench.results.record import InputFacts, Measurement, Record, SubjectFacts
from lwisp_bench.results.results_file import Results, read_tree, results_of
from lwisp_bench.results.summary import judge_stability, summarise
from lwisp_bench.worker.job import Limits, MemoryUse, Phases, RuntimeFacts, Samples, WorkerResult
from lwisp_mobile.engine.timing import TimingSummary
from lwisp_mobile.serialize.from_dict import from_dict
from lwisp_mobile.serialize.json_text import to_json

FORMAT = "lwisp-app-run"
FORMAT_VERSION = 1
THERMAL = ("none", "light", "moderate", "severe", "critical", "emergency", "shutdown")
"""Android's names for its thermal status, 0 to 6."""
_MACHINES = {"arm64-v8a": "aarch64", "armeabi-v7a": "armv7l", "x86_64": "x86_64", "x86": "i686"}
_EMULATORS = ("sdk_gphone", "Android SDK built for", "sdk_google_", "ranchu", "goldfish")
"""Parts of the model or SoC names of Android's emulator."""


@dataclass(frozen=True)
class _Model:
    file: str
    sha256: str
    precision: str


@dataclass(frozen=True)
class _Split:
    load_ms: float
    prepare_ms: float
    inference_ms: float
    render_ms: float


@dataclass(frozen=True)
class _AppRun:
    """The app's JSON, without its map of device facts."""

    format: str
    format_version: int
    taken_at: str
    clock: Literal["wall"]
    model: _Model
    accelerator: str
    backend: str
    threads: int | None
    packed_size_px: tuple[int, int]
    thermal_before: str | None
    thermal_after: str | None
    warm_up_ms: tuple[float, ...]
    samples_ms: tuple[float, ...]
    summary: TimingSummary
    split_ms: _Split


def read_measurements(path: Path) -> Results:
    """Read a results file of the harness, or one of the app. Raises ResultsError if it is neither, or inconsistent."""
    return measurements_of(read_tree(path), path)


def measurements_of(tree: object, path: Path) -> Results:
    """The same from the file's JSON."""
    if isinstance(tree, dict) and tree.get("format") == FORMAT:
        return Results(records=(app_record(tree, str(path)),))
    return results_of(tree, path)


def app_record(tree: Mapping[str, Any], where: str) -> Record:
    """The app's JSON as a record. where: its file, for messages. Raises ResultsError naming the fault."""
    version = tree.get("format_version")
    if version != FORMAT_VERSION:
        raise ResultsError(f"{where}: {FORMAT} version {version!r}; this release reads {FORMAT_VERSION}.")
    run = from_dict(_AppRun, {k: v for k, v in tree.items() if k != "device"}, where, ResultsError)
    _check(run, where)
    device = _device(tree.get("device"), where)
    measurement = _measurement(run, tree["device"].get("litert"))
    width, height = run.packed_size_px
    return Record(
        case_id=hashlib.sha256(to_json(tree).encode()).hexdigest()[:16],
        subject=SubjectFacts(
            name=f"{run.model.file} {width}x{height}",
            sha256=run.model.sha256,
            bytes=None,
            precision=run.model.precision,
            contract_version=None,
            weights_sha256=None,
            inputs=(InputFacts("float32", (1, height, width, 4)),),
            images=(),
        ),
        device=device,
        setup=_setup(run),
        clock="wall",
        device_kind=device.kind,
        status="inconclusive" if measurement.verdict.kind == "throttled" else "measured",
        started=run.taken_at,
        took_s=sum(run.warm_up_ms + run.samples_ms) / 1e3,
        gate=None,
        failure=None,
        measurement=measurement,
    )


def _check(run: _AppRun, where: str) -> None:
    if not run.samples_ms or min(run.samples_ms + run.warm_up_ms) < 0:
        raise ResultsError(f"{where}: the run has no samples, or negative ones. Measure again in the app.")
    found = summarise(run.samples_ms)
    if found.runs != run.summary.runs or not math.isclose(found.p50_ms or 0, run.summary.p50_ms, rel_tol=1e-6):
        raise ResultsError(f"{where}: its summary doesn't match its samples; the file was edited. Save it again.")


def _measurement(run: _AppRun, litert: str | None) -> Measurement:
    before, after = _conditions(run.thermal_before), _conditions(run.thermal_after)
    asked = "" if run.backend == run.accelerator else f" ({run.accelerator} was asked for)"
    result = WorkerResult(
        runtime=RuntimeFacts("LiteRT CompiledModel", litert, None, None, run.backend + asked),
        phases=Phases(
            load_ms=None,
            allocate_ms=None,
            prepare_ms=run.split_ms.load_ms or None,  # 0: the model was already loaded
            first_ms=run.warm_up_ms[0] if run.warm_up_ms else None,
            warm_up_ms=run.warm_up_ms[1:],
            settled=None,
        ),
        samples=Samples(run.samples_ms, (), (), ()),
        memory=MemoryUse(None, None, None),
        trace=(),
        cpus=None,
        coverage=None,
        coverage_error="not reported by the app",
        profile=None,
        profile_error="the app has no profiler",
    )
    return Measurement(
        worker=result,
        before=before,
        after=after,
        summary=summarise(run.samples_ms),
        minutes=(),
        throttle_ratio=None,
        verdict=judge_stability(result, before, after, ()),
        checks=(),
        checks_error="the app saves no outputs",
        drifts=(),
    )


def _setup(run: _AppRun) -> Setup:
    limits = Limits(len(run.samples_ms), 0, "either", min_warm_up=len(run.warm_up_ms), max_warm_up_s=0)
    return Setup(run.threads, "all", "app", limits, runner="app")


def _device(facts: object, where: str) -> DeviceDescription:
    if not isinstance(facts, dict) or not all(isinstance(v, str | None) for v in facts.values()):
        raise ResultsError(f"{where}: device must be a table of strings.")
    abi, soc = facts.get("abi"), facts.get("soc")
    model = " ".join(filter(None, [facts.get("manufacturer"), facts.get("model")])) or "a phone"
    emulator = next((name for name in _EMULATORS if name in f"{model} {soc}"), None)
    release = facts.get("android")
    return DeviceDescription(
        name=f"app:{model}",
        kind="physical" if emulator is None else "emulated",
        emulator=None if emulator is None else f"Android emulator ({emulator})",
        machine=_MACHINES.get(abi or "", "unknown"),
        system="Android",
        kernel="unknown",
        os=None if release is None else f"Android {release}",
        build=None,
        sdk=facts.get("sdk"),
        model=model,
        processor=soc,
        identity=fingerprint(facts.get("identity")),
        abi=abi,
        cpu_count=None,
        cpus=(),
        features=None,
        memory_bytes=None,
    )


def _conditions(thermal: str | None) -> Conditions:
    if thermal is not None and thermal not in THERMAL:
        raise ResultsError(f"Thermal status {thermal!r} isn't one of {', '.join(THERMAL)}.")
    return Conditions(
        zones=(),
        clocks=(),
        battery=None,
        thermal_status=None if thermal is None else THERMAL.index(thermal),
        load_1_min=None,
        available_bytes=None,
    )
