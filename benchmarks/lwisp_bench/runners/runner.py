"""The interface of every way of measuring: a new one is a module that implements it."""

from typing import Protocol

from lwisp_bench.cases.setup import Setup
from lwisp_bench.cases.subject import Subject
from lwisp_bench.devices.description import DeviceDescription
from lwisp_bench.devices.gate import GateResult
from lwisp_bench.results.instruction_cost import InstructionCost
from lwisp_bench.results.record import Clock, Measurement


class Runner(Protocol):
    """One way of measuring cases on one target: an open device, or an emulated CPU."""

    @property
    def clock(self) -> Clock:
        """What it measures by."""

    def describe(self) -> DeviceDescription:
        """Describe the target."""

    def pass_gate(self) -> GateResult | None:
        """Wait until the target is fit to be measured. None: there is no gate."""

    def measure(self, subject: Subject, setup: Setup) -> Measurement | InstructionCost:
        """Measure one case. Raises an LwispError if that fails, DeviceLostError if the target is gone for good."""
