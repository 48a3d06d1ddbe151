"""`benchmark_model` on a device: pushed by hash, launched many times, its outputs pulled.

The tool prints statistics and no samples, so each launch is one: its median. A last, short launch is profiled, watched
for memory and writes outputs, all of which takes time. The model is cut to one signature at one size before it's
pushed, because LiteRT's tool can't be told another.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from lwisp_bench.cases.inputs import Image
from lwisp_bench.cases.setup import NativeTool, Setup, choose_cpus
from lwisp_bench.cases.static_model import cut_to_one_size
from lwisp_bench.cases.subject import Subject
from lwisp_bench.devices.device import Device
from lwisp_bench.devices.transport import Completed, last_line, quoted
from lwisp_bench.errors import NativeToolError
from lwisp_bench.results.summary import summarise
from lwisp_bench.runners.device_runner import DeviceRun, DeviceRunner, RunOptions
from lwisp_bench.runners.native.tool import Tool, fetch_tool
from lwisp_bench.runners.native.tool_output import ToolOutput, parse_output
from lwisp_bench.runners.remote_worker import SLOWEST_RUN_S, run_in, timeout_for, work_folder
from lwisp_bench.worker.job import Limits, MemoryUse, Phases, RuntimeFacts, Samples, WorkerResult
from lwisp_mobile.engine.coverage import Coverage
from lwisp_mobile.engine.quantization import quantize
from lwisp_mobile.tflite.graph import Graph

ENGINE = "benchmark_model"
PROFILED_RUNS = 10
WARM_UP_S = 0.5
_GPU = "--use_gpu=true"
_FULL = "--require_full_delegation"
_UNLESS_TOLD = f"{_FULL}=false"
"""The user's flag that lets a delegate take a part of the model only."""


class NativeRunner(DeviceRunner):
    """Runs a native tool; every launch is a sample."""

    def __init__(self, device: Device, options: RunOptions, tool: Tool | None = None) -> None:
        """tool: None: LiteRT's prebuilt one for the device."""
        super().__init__(device, options)
        self._tool = tool

    def run(self, subject: Subject, setup: Setup) -> DeviceRun:
        """Push tool, model and inputs; launch; pull.

        Raises NativeToolError if the tool doesn't run there, refuses the model, ignores a flag, doesn't use the
        delegate that is asked for, or prints what isn't understood; ModelError; DeviceError.
        """
        limit_s = self.options.worker.timeout_s or timeout_for(setup.limits)
        count = setup.tool.launches if setup.tool is not None else NativeTool.launches
        with launcher(self.device, self._tool, subject, setup, limit_s) as program:
            launches = [program.launch(limit_flags(setup.limits, count)) for _ in range(count)]
            watched = program.watch()
            outputs = program.outputs()
        result = _result(program, launches, watched)
        return DeviceRun(result, summarise(result.samples.wall_ms), outputs)


@dataclass(frozen=True)
class Launcher:
    """A pushed tool with a pushed model: launched as often as one likes."""

    device: Device
    tool: Tool
    graph: Graph
    """Of the model that was pushed."""
    command: tuple[str, ...]
    asked: bool
    """Whether another delegate than the CPU's is asked for."""
    may_be_partial: bool
    cpus: tuple[int, ...] | None
    folder: str
    limit_s: float

    def launch(self, flags: Sequence[str]) -> ToolOutput:
        """Run once. Raises NativeToolError."""
        done = run_in(self.device, self.folder, [*self.command, *flags], self.limit_s)
        if done.status != 0:
            raise NativeToolError(f"{ENGINE} on {self.device.name} ended with status {done.status} ({_reason(done)}).")
        output = parse_output(f"{done.stdout}\n{done.stderr}")
        self._check(output)
        return output

    def watch(self) -> ToolOutput:
        """Run shortly, with all that takes time."""
        flags = [f"--num_runs={PROFILED_RUNS}", "--min_secs=0", "--warmup_runs=1", "--warmup_min_secs=0"]
        if self.tool.dialect == "tflite":
            flags += ["--enable_op_profiling=true", "--report_peak_memory_footprint=true"]
            flags.append(f"--output_filepath={self.folder}/outputs.bin")
        return self.launch(flags)

    def outputs(self) -> bytes | None:
        """What the watched run wrote; None from a tool that writes nothing."""
        path = f"{self.folder}/outputs.bin"
        return self.device.pull(path) if self.device.run(quoted("test", "-f", path)).status == 0 else None

    def _check(self, output: ToolOutput) -> None:
        """Raise NativeToolError if the output shows that another thing ran than the one asked for."""
        if output.unconsumed:
            raise NativeToolError(
                f"{ENGINE} ignored {output.unconsumed}: it would measure another case than the one asked for. "
                "Leave out flags that this build doesn't know."
            )
        if self.asked and not output.accelerated:
            raise NativeToolError(
                f"{ENGINE} was asked for a delegate, and its output names none but the CPU's. "
                "Give the delegate's library with --native-library, or leave the flag out."
            )
        total = len(self.graph.operators)
        for one in output.replaced:
            if one.of_nodes == total and one.nodes < total and not self.may_be_partial:
                raise NativeToolError(
                    f"{one.delegate} took {one.nodes} of {total} nodes in {one.partitions} partitions, and the CPU the "
                    f"rest. Measure that with --native-flag={_UNLESS_TOLD}."
                )


@contextmanager
def launcher(device: Device, tool: Tool | None, subject: Subject, setup: Setup, limit_s: float) -> Iterator[Launcher]:
    """Push what a case needs. tool: None: LiteRT's prebuilt one. Raises as `NativeRunner.run`."""
    flags = setup.tool.flags if setup.tool is not None else ()
    tool = tool or fetch_tool(device.describe(), gpu=_GPU in flags)
    image = subject.images[0]
    model = cut_to_one_size(subject.model, [array.shape for array in image.arrays])
    cpus = choose_cpus(setup.affinity, device.describe())
    with work_folder(device) as folder:
        program = _push(device, tool, folder)
        common = [f"--graph={device.push(model)}", f"--num_threads={setup.threads}"]
        if tool.dialect == "tflite":
            common += _input_flags(image, [device.push(data) for data in input_bytes(subject, image)])
        yield Launcher(
            device=device,
            tool=tool,
            graph=Graph.parse(model),
            command=(*_taskset(cpus), *program, *common, *flags, *_strict(flags, tool)),
            asked=any(flag.startswith("--use_") and flag.endswith("=true") and "xnn" not in flag for flag in flags),
            may_be_partial=_UNLESS_TOLD in flags,
            cpus=cpus,
            folder=folder,
            limit_s=limit_s,
        )


def limit_flags(limits: Limits, launches: int) -> list[str]:
    """One launch's share of the harness's limits as the tool's flags: it stops when both minima are reached."""
    either = limits.rule == "either"
    runs, least_s = math.ceil(limits.min_runs / launches), limits.min_s / launches
    longest_s = max(least_s, WARM_UP_S) if either else least_s + SLOWEST_RUN_S * runs
    return [
        f"--num_runs={runs}",
        f"--min_secs={0.0 if either else least_s}",
        f"--max_secs={longest_s}",
        f"--warmup_runs={max(1, limits.min_warm_up)}",
        f"--warmup_min_secs={WARM_UP_S}",
    ]


def input_bytes(subject: Subject, image: Image) -> list[bytes]:
    """Contents of the tool's input files: the tensors' own values; a student's are quantised here."""
    if subject.contract is None:
        return [array.tobytes() for array in image.arrays]
    return [quantize(array, subject.contract.input_tensor).tobytes() for array in image.arrays]


def _push(device: Device, tool: Tool, folder: str) -> list[str]:
    """The words that start the tool."""
    program = device.push(tool.program)
    device.run(quoted("chmod", "755", program))
    if not tool.libraries:
        return [program]
    for name, data in tool.libraries:
        device.run(quoted("ln", "-sf", device.push(data), f"{folder}/{name}"))
    return ["env", f"LD_LIBRARY_PATH={folder}", program]


def _strict(flags: Sequence[str], tool: Tool) -> list[str]:
    """A GPU that is asked for is required: without these flags, the tool may quietly run on the CPU."""
    if _GPU not in flags or any(flag.startswith(_FULL) for flag in flags):
        return []
    return [f"{_FULL}=true", *(["--use_cpu=false"] if tool.dialect == "litert" else [])]


def _input_flags(image: Image, files: Sequence[str]) -> list[str]:
    names = [f"input{index}" for index in range(len(files))]
    shapes = (",".join(map(str, array.shape)) for array in image.arrays)
    return [
        f"--input_layer={','.join(names)}",
        f"--input_layer_shape={':'.join(shapes)}",
        f"--input_layer_value_files={','.join(f'{name}:{file}' for name, file in zip(names, files))}",
    ]


def _taskset(cpus: Sequence[int] | None) -> list[str]:
    """Taskset takes a hexadecimal mask, on Android and on every Linux."""
    return [] if cpus is None else ["taskset", f"{sum(1 << cpu for cpu in cpus):x}"]


def _reason(done: Completed) -> str:
    errors = [line for line in f"{done.stdout}\n{done.stderr}".splitlines() if line.startswith("ERROR")]
    if errors:
        return errors[0]
    hint = {126: ": probably built for another processor", 127: ": the tool, its loader or taskset is missing"}
    return last_line(done.stderr or done.stdout) + hint.get(done.status, "")


def facts_of(tool: Tool, output: ToolOutput) -> RuntimeFacts:
    """What ran the model: the tool by its version and hash, and the delegates it names."""
    release = "" if tool.version is None else f"{tool.version}, "
    return RuntimeFacts(ENGINE, f"{release}sha256 {tool.sha256[:16]}", None, None, output.delegate)


def _result(program: Launcher, launches: Sequence[ToolOutput], watched: ToolOutput) -> WorkerResult:
    first = launches[0]
    coverage, coverage_error = coverage_of(program.graph, first)
    return WorkerResult(
        runtime=facts_of(program.tool, first),
        phases=Phases(
            load_ms=None,
            allocate_ms=None,
            prepare_ms=first.prepare_ms,
            first_ms=first.warm_up.first_us / 1e3,
            warm_up_ms=(),
            settled=None,
        ),
        samples=Samples(tuple(one.steady.typical_us / 1e3 for one in launches), (), (), ()),
        memory=MemoryUse(before_load_bytes=None, peak_bytes=watched.peak_bytes, pss_bytes=None),
        trace=(),
        cpus=program.cpus,
        coverage=coverage,
        coverage_error=coverage_error,
        profile=watched.profile,
        profile_error=None if watched.profile else "the tool printed none",
    )


def coverage_of(graph: Graph, output: ToolOutput) -> tuple[Coverage | None, str | None]:
    """How much of the model the delegate took, if the tool's output is unambiguous; else why not."""
    nodes = len(graph.operators)
    ours = {one for one in output.replaced if one.of_nodes == nodes}
    if len(ours) != 1:
        return None, "not reported by the tool" if not output.replaced else "the tool's report is of other graphs"
    (one,) = ours
    return Coverage(one.nodes, nodes, one.partitions, ("unnamed",) * (nodes - one.nodes)), None
