"""The harness's subcommands."""

from lwisp_mobile.cli.command import CommandEntry


def _entry(name: str, summary: str, target: str) -> CommandEntry:
    return CommandEntry(name, summary, f"lwisp_bench.cli.{target}", "bench")


COMMANDS = (
    CommandEntry(
        "rate",
        "Multiply-adds per second of a model, beside one large convolution.",
        "lwisp_bench.cli.rate:rate",
        "bench",
    ),
    CommandEntry(
        "frame",
        "Develop a large frame within a memory budget; peak memory and time.",
        "lwisp_bench.cli.frame:frame",
        "bench",
    ),
    CommandEntry(
        "mutate",
        "Run damaged copies of a bundle's model and count what becomes of them.",
        "lwisp_bench.cli.mutate:mutate",
        "bench",
    ),
    CommandEntry(
        "bench", "Measure models on this host, ARM boards and Android devices.", "lwisp_bench.cli.bench:bench", "bench"
    ),
)
