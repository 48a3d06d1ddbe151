"""The default runner: the harness's own worker under the device's Python."""

from lwisp_bench.cases.setup import Setup
from lwisp_bench.cases.subject import Subject
from lwisp_bench.results.summary import summarise
from lwisp_bench.runners.device_runner import DeviceRun, DeviceRunner
from lwisp_bench.runners.remote_worker import run_worker


class PythonRunner(DeviceRunner):
    """Runs the worker; every sample is kept."""

    def run(self, subject: Subject, setup: Setup) -> DeviceRun:
        """Run one case. Raises as `run_worker`."""
        finished = run_worker(self.device, subject, setup, self.options.worker)
        return DeviceRun(finished.result, summarise(finished.result.samples.wall_ms), finished.outputs)
