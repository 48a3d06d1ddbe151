"""Damaged copies of a model, run in separate processes: the outcome of each is counted.

The bundle's hash, which would refuse every copy, is left out on purpose: this tests the defences behind it.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.batch.worker_process import CallExpiredError, ProcessDiedError, WorkerProcess
from lwisp_mobile.errors import ModelError
from lwisp_mobile.progress import Progress
from lwisp_mobile.tflite.flatbuffer import read_root
from lwisp_mobile.tflite.verifier import SCHEMA, verify_tflite

MEMORY_BYTES = 4 << 30
"""Address space of a process: a damaged shape must not exhaust the machine's memory."""
START_S = 120.0
"""For the first, undamaged run, which also loads the engine."""
CONSTANT = 7
"""The value of every input."""
REFUSED, STOPPED, SAME, OTHER = "refused by the check", "refused by the engine", "same output", "other output"
EDGE_VALUES = (0, 1, 16, 127, 255, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF)


@dataclass(frozen=True)
class MutationOptions:
    """How many copies are run, and how."""

    runs: int = 1000
    seed: int = 0
    timeout_s: float = 20.0
    """Timeout of one copy."""
    check: bool = True
    """Whether `verify_tflite` runs first, as it does before every engine."""
    keep: Path | None = None
    """A folder for copies that crashed a process or timed out."""


@dataclass(frozen=True)
class MutationReport:
    """The outcomes of the damaged copies."""

    model_sha256: str
    options: MutationOptions
    outcomes: dict[str, int]
    """Number of copies by outcome; a crash is named by its signal."""
    lost: int
    """Copies that crashed their process or timed out."""


def run_mutations(model: bytes, options: MutationOptions, progress: Progress) -> MutationReport:
    """Run damaged copies of a model. progress: called before each. Raises ModelError if the original doesn't run."""
    outcomes: Counter[str] = Counter()
    with WorkerProcess(try_model) as worker:
        expected = _try(worker, model, False, START_S)
        if len(expected) != 64:
            raise ModelError(f"The undamaged model doesn't run ({expected}).")
        random, places = np.random.default_rng(options.seed), structure_places(model)
        for _ in range(options.runs):
            progress("running")
            damaged = mutate(model, places, random)
            found = _try(worker, damaged, options.check, options.timeout_s)
            outcome = {expected: SAME}.get(found, OTHER if len(found) == 64 else found)
            outcomes[outcome] += 1
            if _is_loss(outcome) and options.keep is not None:
                _keep(options.keep, damaged, outcome)
    lost = sum(count for outcome, count in outcomes.items() if _is_loss(outcome))
    return MutationReport(hashlib.sha256(model).hexdigest(), options, dict(outcomes.most_common()), lost)


def mutate(model: bytes, places: NDArray[np.intp], random: np.random.Generator) -> bytes:
    """Damage a copy: flip bits or insert extreme words, in the graph or anywhere, or truncate it."""
    damaged = bytearray(model)
    if random.random() < 0.05:
        return bytes(damaged[: random.integers(len(damaged))])
    for _ in range(random.choice((1, 1, 4, 16))):
        place = int(random.choice(places) if random.random() < 0.8 else random.integers(len(damaged)))
        if random.random() < 0.5:
            damaged[place] ^= 1 << int(random.integers(8))
        else:
            place = min(place, len(damaged) - 4) & ~3
            damaged[place : place + 4] = int(random.choice(EDGE_VALUES)).to_bytes(4, "little")
    return bytes(damaged)


def structure_places(model: bytes) -> NDArray[np.intp]:
    """Positions of all bytes that aren't weights: the graph, where damage has most effect."""
    is_weight = np.zeros(len(model), bool)
    start = np.frombuffer(model, np.uint8).__array_interface__["data"][0]
    for buffer in read_root(model, SCHEMA, "Model").get(4, []):
        inline: NDArray[Any] = buffer.get(0, np.empty(0, np.uint8))
        at = inline.__array_interface__["data"][0] - start if len(inline) else buffer.get(1, 0)
        is_weight[at : at + (len(inline) or buffer.get(2, 0))] = True
    return np.flatnonzero(~is_weight)


def try_model(model: bytes, check: bool) -> str:
    """Load and run every signature on a constant. Returns SHA-256 of all outputs, or what refused the model."""
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415

    _limit_memory()
    if check:
        try:
            verify_tflite(model)
        except ModelError:
            return REFUSED
    digest = hashlib.sha256()
    try:
        interpreter = Interpreter(model_content=model, num_threads=1)
        for name in sorted(interpreter.get_signature_list()):
            runner = interpreter.get_signature_runner(name)
            details = runner.get_input_details()
            given = {key: np.full(entry["shape"], CONSTANT, entry["dtype"]) for key, entry in details.items()}
            for _, output in sorted(runner(**given).items()):
                digest.update(output.tobytes())
    except (RuntimeError, ValueError, TypeError, KeyError, MemoryError, OverflowError):
        return STOPPED
    return digest.hexdigest()


def _try(worker: WorkerProcess[[bytes, bool], str], model: bytes, check: bool, timeout_s: float) -> str:
    try:
        return worker.call(timeout_s, model, check)
    except CallExpiredError:
        return "timed out"
    except ProcessDiedError as error:
        return f"crashed by {error}"


def _is_loss(outcome: str) -> bool:
    return outcome not in (REFUSED, STOPPED, SAME, OTHER)


def _keep(folder: Path, damaged: bytes, outcome: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{hashlib.sha256(damaged).hexdigest()[:12]}.{outcome.replace(' ', '-')}.tflite"
    (folder / name).write_bytes(damaged)


def _limit_memory() -> None:
    import resource  # noqa: PLC0415  not on Windows

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
