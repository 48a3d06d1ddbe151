"""What really runs a model: counted after the delegate was applied, in a process of its own, and never taken on trust.

A delegate is code of others that may crash its process, and the engines say only on stderr why one fails.
"""

import hashlib
import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from lwisp_mobile.engine.accelerator_log import explain_refusal, parse_log
from lwisp_mobile.engine.delegates import CPU, LITERT_ONLY
from lwisp_mobile.engine.interpreter import Target, external_delegates, find_engine, interpreter_module, load, runner
from lwisp_mobile.engine.xnnpack_coverage import TIMEOUT_S, count_delegated, run_worker
from lwisp_mobile.errors import DelegateError, LwispError, UsageError
from lwisp_mobile.serialize.from_dict import from_dict
from lwisp_mobile.standard_output import claim_stdout

_REPORTED_LINES = 4
_TELLING = ("error", "warning", "couldn't", "could not", "failed", "not found")


@dataclass(frozen=True)
class DelegateCheck:
    """What a delegate took over of a model's first graph."""

    engine: str
    delegate: str
    delegated_nodes: int
    total_nodes: int
    remaining: tuple[str, ...]
    """Operations that remain for the built-in kernels or XNNPACK, in graph order."""
    fingerprint: str
    """SHA-256 of what it gives for a fixed input."""
    float_output: bool

    @property
    def whole(self) -> bool:
        """Whether nothing remains for the CPU."""
        return self.delegated_nodes == self.total_nodes

    @property
    def line(self) -> str:
        """In words."""
        rest = "" if self.whole else f"; the CPU runs the rest ({', '.join(sorted(set(self.remaining)))})"
        return f"{self.delegate} runs {self.delegated_nodes} of {self.total_nodes} operations{rest}"


def check_delegate(model: bytes, target: Target, threads: int) -> DelegateCheck | None:
    """Read back what a target's delegate runs; None for the CPU's where nothing is required.

    Raises DelegateError if it can't be used here, and, where it is required, if operations remain or if a float
    model's output has the CPU's very bits: another arithmetic unit rounds otherwise, so then the CPU ran it.
    """
    if target.delegate == CPU and not target.require_delegate:
        return None
    found = read_back(model, target, threads)
    if target.require_delegate:
        if not found.whole:
            raise DelegateError(f"{found.line}. Leave --require-delegate out, or use another delegate or model.")
        _check_fingerprint(found, model, target, threads)
    return found


def read_back(model: bytes, target: Target, threads: int) -> DelegateCheck:
    """Load the model with the delegate in a process of its own, count, and run a fixed input once."""
    try:
        done = run_worker(__name__, model, json.dumps(asdict(target)), str(threads))
    except subprocess.TimeoutExpired as error:
        raise DelegateError(f"{target.delegate} didn't run the model in {TIMEOUT_S:.0f} s. Use another.") from error
    log = done.stderr.decode("utf-8", "replace")
    if done.returncode != 0:
        crashed = f"{target.delegate} crashed its worker process (exit status {done.returncode})."
        raise DelegateError(f"{crashed}{_reported(log)}")
    answer = json.loads(done.stdout)
    if "wrong_use" in answer:
        raise UsageError(answer["wrong_use"])
    if "refused" in answer:
        raise DelegateError(_explain(target.delegate, answer["refused"], log))
    return from_dict(DelegateCheck, answer, "the delegate's worker process", DelegateError)


def worker() -> None:
    """The worker process: the model on stdin; Target and threads as arguments; DelegateCheck as JSON on stdout."""
    answers = claim_stdout()
    model, threads, tree = sys.stdin.buffer.read(), int(sys.argv[2]), json.loads(sys.argv[1])
    target = Target(**{**tree, "delegate_options": tuple(map(tuple, tree["delegate_options"]))})
    try:
        answer: dict[str, Any] = asdict(_run(model, target, threads))
    except UsageError as error:
        answer = {"wrong_use": str(error)}
    except LwispError as error:
        answer = {"refused": str(error)}
    answers.write(json.dumps(answer))
    answers.close()


def _run(model: bytes, target: Target, threads: int) -> DelegateCheck:
    covered = _covered(model, target, threads)
    loaded = load(model, threads, target)
    first = next(iter(loaded.interpreter.get_signature_list()))
    run = runner(loaded, first)
    rng = np.random.default_rng(0)
    inputs = {name: _noise(rng, details) for name, details in run.get_input_details().items()}
    outputs = run(**inputs)
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(outputs[name]).tobytes() for name in sorted(outputs)))
    is_float = all(np.issubdtype(values.dtype, np.floating) for values in outputs.values())
    return DelegateCheck(find_engine(target.engine), target.delegate, *covered, digest.hexdigest(), is_float)


def _covered(model: bytes, target: Target, threads: int) -> tuple[int, int, tuple[str, ...]]:
    """Nodes taken over, nodes in all, operations that remain."""
    module = interpreter_module(target.engine)
    if target.delegate in LITERT_ONLY:
        load(model, threads, target)  # refuses a graph that isn't run whole
        total = _count(module.Interpreter(model_content=model)).total_nodes
        return total, total, ()
    options: dict[str, Any] = {}
    if target.delegate != CPU:
        # XNNPACK would take over what an external delegate leaves, and be counted as it.
        options["experimental_op_resolver_type"] = module.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        options["experimental_delegates"] = external_delegates(module, target)
    found = _count(module.Interpreter(model_content=model, num_threads=threads, **options))
    return found.delegated_nodes, found.total_nodes, found.undelegated


def _count(interpreter: Any) -> Any:
    interpreter.allocate_tensors()
    return count_delegated(interpreter)


def _noise(rng: np.random.Generator, details: Any) -> Any:
    if np.issubdtype(details["dtype"], np.floating):
        return rng.random(details["shape"], dtype=np.float32)
    limits = np.iinfo(details["dtype"])
    return rng.integers(limits.min, limits.max, details["shape"], details["dtype"], endpoint=True)


def _check_fingerprint(found: DelegateCheck, model: bytes, target: Target, threads: int) -> None:
    if found.delegate == CPU or not found.float_output:
        return
    cpu = read_back(model, Target(target.engine), threads)
    if cpu.fingerprint == found.fingerprint:
        raise DelegateError(
            f"{found.delegate} reports that it runs all {found.total_nodes} operations, but gives the CPU's very bits: "
            "the CPU ran them. Check the driver, or use --delegate cpu."
        )


def _explain(delegate: str, error: str, log: str) -> str:
    if delegate in LITERT_ONLY:
        return explain_refusal(parse_log(log, delegate), delegate, error)
    return f"{error}{_reported(log)}"


def _reported(stderr: str) -> str:
    """The lines of stderr that say what was tried and what went wrong, as a sentence; empty without any."""
    lines = [" ".join(line.split()) for line in stderr.splitlines()]
    telling = [line for line in lines if any(word in line.lower() for word in _TELLING)]
    return f" It said: {'; '.join(dict.fromkeys(telling[-_REPORTED_LINES:]))}." if telling else ""
