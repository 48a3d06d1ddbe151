"""Running the user's `benchmark_model` on a device: pushed by hash, run twice, its outputs pulled back.

The first run is timed and does nothing else. The second, short one is profiled, watched for memory and writes outputs,
all of which costs time.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lwisp_bench.devices.base import Device
from lwisp_bench.devices.transport import Completed, last_line, quoted
from lwisp_bench.errors import NativeToolError
from lwisp_bench.results.summary import Summary
from lwisp_bench.runners.native.printed import Printed, Statistics, read_printed
from lwisp_bench.runners.python_worker import SLOWEST_RUN_S, SPARE_TIMEOUT_S, tidy
from lwisp_bench.suite.inputs import Image
from lwisp_bench.suite.setups import NativeTool, Setup, choose_cpus
from lwisp_bench.suite.subjects import Subject
from lwisp_bench.worker.job import Limits, MemoryUse, Phases, RuntimeFacts, Samples, WorkerResult
from lwisp_mobile.engine.quantization import quantize
from lwisp_mobile.engine.xnnpack_coverage import Coverage
from lwisp_mobile.tflite.reader import parse_tflite, text

ENGINE = "benchmark_model"
PROFILED_RUNS = 10
WARM_UP_S = 0.5


@dataclass(frozen=True)
class NativeFinished:
    """What the tool told and left."""

    result: WorkerResult
    summary: Summary
    output: bytes | None
    """All outputs of the first image, one after the other; None from a tool that doesn't write them."""


def run_native(
    device: Device, subject: Subject, setup: Setup, program: bytes, timeout_s: float | None
) -> NativeFinished:
    """Push tool, model and inputs, run twice, pull. program: the tool's bytes.

    Raises NativeToolError if the tool can't run there, refuses the model or prints an unknown form; DeviceError.
    """
    tool, model = device.push(program), device.push(subject.model)
    files = [device.push(data) for data in input_bytes(subject, subject.images[0])]
    flags = setup.tool.flags if setup.tool is not None else ()
    common = [f"--graph={model}", f"--num_threads={setup.threads}", *_input_flags(subject, files), *flags]
    cpus = choose_cpus(setup.affinity, device.describe())
    device.run(quoted("chmod", "755", tool))
    folder = device.work_folder()
    try:
        limit_s = timeout_s or _timeout_s(setup.limits)
        timed = _run(device, folder, [*_taskset(cpus), tool, *common, *limit_flags(setup.limits)], limit_s)
        watched = _run(device, folder, [*_taskset(cpus), tool, *common, *_watch_flags(folder)], limit_s)
        output = _pull_if_there(device, f"{folder}/outputs.bin")
    finally:
        tidy(device, folder)
    return NativeFinished(_result(subject, timed, watched, cpus), summary_of(timed.steady), output)


def read_tool(path: Path) -> bytes:
    """The tool's file. Raises NativeToolError if it can't be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise NativeToolError(f"{path} can't be read ({error.strerror}). Give the file of benchmark_model.") from error


def native_tool(program: bytes, flags: Sequence[str]) -> NativeTool:
    """The tool as a setup names it. Raises NativeToolError if it isn't a program."""
    if not program.startswith((b"\x7fELF", b"#!")):
        raise NativeToolError("The native tool isn't a program for Linux or Android; give the file of benchmark_model.")
    return NativeTool(hashlib.sha256(program).hexdigest(), tuple(flags))


def limit_flags(limits: Limits) -> list[str]:
    """The harness's limits in the tool's words: it stops when both minima are reached, or at its maximum."""
    either = limits.rule == "either"
    longest_s = limits.min_s if either else limits.min_s + SLOWEST_RUN_S * limits.min_runs
    return [
        f"--num_runs={limits.min_runs}",
        f"--min_secs={0.0 if either else limits.min_s}",
        f"--max_secs={longest_s}",
        f"--warmup_runs={max(1, limits.min_warm_up)}",
        f"--warmup_min_secs={WARM_UP_S}",
    ]


def input_bytes(subject: Subject, image: Image) -> list[bytes]:
    """What the tool's input files hold: the tensors' own values; a student's are quantised here."""
    if subject.contract is None:
        return [array.tobytes() for array in image.arrays]
    return [quantize(array, subject.contract.input_tensor).tobytes() for array in image.arrays]


def summary_of(steady: Statistics) -> Summary:
    """The tool's statistics as a summary; what it doesn't tell is null."""
    return Summary(
        runs=steady.count,
        p50_ms=_ms(steady.median_us),
        p90_ms=None,
        p95_ms=_ms(steady.p95_us),
        p99_ms=None,
        mad_ms=None,
        min_ms=steady.min_us / 1e3,
        mean_ms=steady.mean_us / 1e3,
        max_ms=steady.max_us / 1e3,
        std_ms=_ms(steady.std_us),
    )


def _input_flags(subject: Subject, files: Sequence[str]) -> list[str]:
    names = [f"input{index}" for index in range(len(files))]
    shapes = (",".join(map(str, array.shape)) for array in subject.images[0].arrays)
    flags = [
        f"--input_layer={','.join(names)}",
        f"--input_layer_shape={':'.join(shapes)}",
        f"--input_layer_value_files={','.join(f'{name}:{file}' for name, file in zip(names, files))}",
    ]
    signatures = parse_tflite(subject.model).signatureDefs or []
    # A model of several signatures must be told one; tools older than that flag run the first subgraph anyway.
    primary = [text(one.signatureKey) for one in signatures if one.subgraphIndex == 0]
    return [*flags, f"--signature_to_run_for={primary[0]}"] if len(signatures) > 1 and primary else flags


def _watch_flags(folder: str) -> list[str]:
    return [
        f"--num_runs={PROFILED_RUNS}",
        "--min_secs=0",
        "--warmup_runs=1",
        "--warmup_min_secs=0",
        "--enable_op_profiling=true",
        "--report_peak_memory_footprint=true",
        f"--output_filepath={folder}/outputs.bin",
    ]


def _taskset(cpus: Sequence[int] | None) -> list[str]:
    """Android's and every Linux's taskset take a mask in hexadecimal."""
    return [] if cpus is None else ["taskset", f"{sum(1 << cpu for cpu in cpus):x}"]


def _run(device: Device, folder: str, command: Sequence[str], timeout_s: float) -> Printed:
    noted = quoted("sh", "-c", f"echo $$ > {quoted(folder)}/pid; exec {quoted(*command)}")
    done = device.run(noted, timeout_s=timeout_s)
    if done.status != 0:
        raise NativeToolError(f"{ENGINE} on {device.name} ended with status {done.status} ({_reason(done)}).")
    return read_printed(f"{done.stdout}\n{done.stderr}")


def _reason(done: Completed) -> str:
    errors = [line for line in f"{done.stdout}\n{done.stderr}".splitlines() if line.startswith("ERROR")]
    if errors:
        return errors[0]
    hint = {126: ": it is for another processor, most often", 127: ": it, its loader or taskset isn't there"}
    return last_line(done.stderr or done.stdout) + hint.get(done.status, "")


def _result(subject: Subject, timed: Printed, watched: Printed, cpus: tuple[int, ...] | None) -> WorkerResult:
    coverage, coverage_error = _coverage(subject, timed)
    return WorkerResult(
        runtime=RuntimeFacts(ENGINE, None, None, None, timed.delegate),
        phases=Phases(
            load_ms=None,
            allocate_ms=None,
            prepare_ms=timed.prepare_ms,
            first_ms=timed.warm_up.first_us / 1e3,
            warm_up_ms=(),
            settled=None,
        ),
        samples=Samples((), (), (), ()),
        memory=MemoryUse(before_load_bytes=None, peak_bytes=watched.peak_bytes, pss_bytes=None),
        trace=(),
        cpus=cpus,
        coverage=coverage,
        coverage_error=coverage_error,
        profile=watched.profile,
        profile_error=None if watched.profile else "the tool printed none",
    )


def _coverage(subject: Subject, printed: Printed) -> tuple[Coverage | None, str | None]:
    """What the delegate took of the first subgraph, if the tool told it without doubt; else why not."""
    nodes = len(parse_tflite(subject.model).subgraphs[0].operators)
    ours = {one for one in printed.replaced if one.of_nodes == nodes}
    if len(ours) == 1:
        (one,) = ours
        if one.nodes == one.of_nodes:
            return Coverage(one.nodes, one.of_nodes, one.partitions, ()), None
        told = f"{one.delegate} took {one.nodes} of {one.of_nodes} nodes in {one.partitions} partitions"
        return None, f"{told}; the tool doesn't name the others"
    return None, "the tool doesn't tell" if not printed.replaced else "the tool tells of several subgraphs alike"


def _pull_if_there(device: Device, path: str) -> bytes | None:
    return device.pull(path) if device.run(quoted("test", "-f", path)).status == 0 else None


def _timeout_s(limits: Limits) -> float:
    runs_s = SLOWEST_RUN_S * limits.min_runs if limits.rule == "both" else 0.0
    return SPARE_TIMEOUT_S + limits.min_s + runs_s


def _ms(value_us: float | None) -> float | None:
    return None if value_us is None else value_us / 1e3
