"""The harness's subcommands."""

from lwisp_mobile.cli.command import CommandEntry


def _entry(name: str, summary: str) -> CommandEntry:
    return CommandEntry(name, summary, f"lwisp_bench.cli.{name}:{name}", "bench")


COMMANDS = (
    _entry("rate", "Multiply-adds per second of a model, compared with one large convolution."),
    _entry("frame", "Develop a large frame within a memory budget; peak memory and time."),
    _entry("mutate", "Run damaged copies of a bundle's model and count the outcomes."),
    _entry("bench", "Measure models on this host, ARM boards and Android devices."),
)
