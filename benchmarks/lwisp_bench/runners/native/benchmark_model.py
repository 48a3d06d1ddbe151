"""The user's `benchmark_model` on a device: pushed by hash, run twice, its outputs pulled.

The first run is timed and does nothing else. The second, short one is profiled, watched for memory and writes outputs,
all of which takes time.
"""

from collections.abc import Sequence
from pathlib import Path

from lwisp_bench.cases.inputs import Image
from lwisp_bench.cases.setup import Setup, choose_cpus
from lwisp_bench.cases.subject import Subject
from lwisp_bench.devices.device import Device
from lwisp_bench.devices.transport import Completed, last_line, quoted
from lwisp_bench.errors import NativeToolError
from lwisp_bench.results.summary import Summary
from lwisp_bench.runners.device_runner import DeviceRun, DeviceRunner, RunOptions
from lwisp_bench.runners.native.tool_output import Statistics, ToolOutput, parse_output
from lwisp_bench.runners.remote_worker import SLOWEST_RUN_S, run_in, timeout_for, work_folder
from lwisp_bench.worker.job import Limits, MemoryUse, Phases, RuntimeFacts, Samples, WorkerResult
from lwisp_mobile.engine.coverage import Coverage
from lwisp_mobile.engine.quantization import quantize
from lwisp_mobile.tflite.graph import Graph

ENGINE = "benchmark_model"
PROFILED_RUNS = 10
WARM_UP_S = 0.5


class NativeRunner(DeviceRunner):
    """Runs a native tool, which reports statistics and keeps no samples."""

    def __init__(self, device: Device, options: RunOptions, program: bytes) -> None:
        """program: the tool's bytes."""
        super().__init__(device, options)
        self._program = program

    def run(self, subject: Subject, setup: Setup) -> DeviceRun:
        """Push tool, model and inputs; run twice; pull.

        Raises NativeToolError if the tool doesn't run there, refuses the model or its output isn't understood;
        DeviceError.
        """
        device = self.device
        tool, model = device.push(self._program), device.push(subject.model)
        files = [device.push(data) for data in input_bytes(subject, subject.images[0])]
        flags = setup.tool.flags if setup.tool is not None else ()
        cpus = choose_cpus(setup.affinity, device.describe())
        common = [f"--graph={model}", f"--num_threads={setup.threads}", *_input_flags(subject, files), *flags]
        command = [*_taskset(cpus), tool, *common]
        device.run(quoted("chmod", "755", tool))
        with work_folder(device) as folder:
            limit_s = self.options.worker.timeout_s or timeout_for(setup.limits)
            timed = _run(device, folder, [*command, *limit_flags(setup.limits)], limit_s)
            watched = _run(device, folder, [*command, *_watch_flags(folder)], limit_s)
            outputs = _pull_if_there(device, f"{folder}/outputs.bin")
        return DeviceRun(_result(subject, timed, watched, cpus), summary_of(timed.steady), outputs)


def read_tool(path: Path) -> bytes:
    """Read the tool's file. Raises NativeToolError if it can't be read or isn't a program."""
    try:
        program = path.read_bytes()
    except OSError as error:
        raise NativeToolError(f"{path} can't be read ({error.strerror}). Give a benchmark_model binary.") from error
    if not program.startswith((b"\x7fELF", b"#!")):
        raise NativeToolError(f"{path} isn't a program for Linux or Android. Give a benchmark_model binary.")
    return program


def limit_flags(limits: Limits) -> list[str]:
    """The harness's limits as the tool's flags: it stops when both minima are reached, or at its maximum."""
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
    """Contents of the tool's input files: the tensors' own values; a student's are quantised here."""
    if subject.contract is None:
        return [array.tobytes() for array in image.arrays]
    return [quantize(array, subject.contract.input_tensor).tobytes() for array in image.arrays]


def summary_of(steady: Statistics) -> Summary:
    """The tool's statistics as a summary; what it doesn't report is null."""
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
    signatures = Graph.parse(subject.model).signatures
    # For a model of several signatures the tool needs one; tools older than that flag run the first subgraph anyway.
    primary = [signature.name for signature in signatures if signature.subgraph == 0]
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
    """Taskset takes a hexadecimal mask, on Android and on every Linux."""
    return [] if cpus is None else ["taskset", f"{sum(1 << cpu for cpu in cpus):x}"]


def _run(device: Device, folder: str, command: list[str], timeout_s: float) -> ToolOutput:
    done = run_in(device, folder, command, timeout_s)
    if done.status != 0:
        raise NativeToolError(f"{ENGINE} on {device.name} ended with status {done.status} ({_reason(done)}).")
    return parse_output(f"{done.stdout}\n{done.stderr}")


def _reason(done: Completed) -> str:
    errors = [line for line in f"{done.stdout}\n{done.stderr}".splitlines() if line.startswith("ERROR")]
    if errors:
        return errors[0]
    hint = {126: ": probably built for another processor", 127: ": the tool, its loader or taskset is missing"}
    return last_line(done.stderr or done.stdout) + hint.get(done.status, "")


def _result(subject: Subject, timed: ToolOutput, watched: ToolOutput, cpus: tuple[int, ...] | None) -> WorkerResult:
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


def _coverage(subject: Subject, output: ToolOutput) -> tuple[Coverage | None, str | None]:
    """How much of the first subgraph the delegate took, if the tool's output is unambiguous; else why not."""
    nodes = len(Graph.parse(subject.model).operators)
    ours = {one for one in output.replaced if one.of_nodes == nodes}
    if len(ours) == 1:
        (one,) = ours
        if one.nodes == one.of_nodes:
            return Coverage(one.nodes, one.of_nodes, one.partitions, ()), None
        return None, (
            f"{one.delegate} took {one.nodes} of {one.of_nodes} nodes in {one.partitions} partitions; "
            "the tool doesn't name the others"
        )
    return (
        None,
        "not reported by the tool" if not output.replaced else "the tool's report doesn't distinguish subgraphs",
    )


def _pull_if_there(device: Device, path: str) -> bytes | None:
    return device.pull(path) if device.run(quoted("test", "-f", path)).status == 0 else None


def _ms(value_us: float | None) -> float | None:
    return None if value_us is None else value_us / 1e3
