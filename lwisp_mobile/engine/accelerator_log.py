"""What LiteRT says of an accelerator while it compiles: only its log tells the device, the refusals and the counts."""

import re
from dataclasses import dataclass

_ABSENT = {
    "gpu": ("no adapters found", "couldn't load vulkan"),
    "npu": ("no compiler plugin found", "cannot open shared object file", "no dispatch"),
}
_DRIVERS = {
    "gpu": "Install the GPU's Vulkan driver and the loader, libvulkan.so.1",
    "npu": "Install the NPU's driver and the vendor's libraries that LiteRT's plugins name",
}
_ADAPTER = re.compile(r"Selected adapter: (.+?), arch=.*?adapterType=(.+)")
_REFUSED = re.compile(r"Following operations are not supported by GPU delegate:\n((?:.+\n)*?)(?:\d+|No) operations")
_SPLIT = re.compile(r"(\d+) operations will run on the GPU, and the remaining (\d+) operations will run on the CPU")
_UNTOUCHED = re.compile(r"No operations will run on the GPU, and all (\d+) operations will run on the CPU")
_SELECTED = re.compile(
    r"Partitioned subgraph<\d+>, selected (\d+) ops, from a total of (\d+) ops\. resulted in (\d+) partitions"
)
_NOTES = re.compile(r"^(?:\w+: )?(?:\[\S+\] )?")
_CAUSE = re.compile(r"[^\s/]+: cannot open shared object file")


@dataclass(frozen=True)
class AcceleratorLog:
    """What a log tells of one compilation."""

    adapter: str | None
    """The GPU's name; None where none was chosen."""
    software: bool
    """Whether that GPU is a program on the CPU."""
    missing: tuple[str, ...]
    """What couldn't be found or loaded."""
    refused: tuple[str, ...]
    """KIND: reason, of every operator that isn't supported; once each."""
    split: tuple[tuple[int, int], ...]
    """Operators taken and all, of each subgraph that is counted: of a GPU's log, those that it doesn't take whole."""
    partitions: int
    """Of a compiler plugin, over all subgraphs."""

    @property
    def device(self) -> str | None:
        """The device's name, and whether it's a program."""
        return f"{self.adapter} (software)" if self.software else self.adapter


def parse_log(text: str, accelerator: str) -> AcceleratorLog:
    """Read what LiteRT wrote on stdout and stderr. accelerator: gpu or npu."""
    adapter = _ADAPTER.search(text)
    refused = [line.strip() for block in _REFUSED.findall(text) for line in block.splitlines()]
    parts = [(int(taken), int(taken) + int(left)) for taken, left in _SPLIT.findall(text)]
    parts += [(0, int(total)) for total in _UNTOUCHED.findall(text)]
    selected = [tuple(map(int, found)) for found in _SELECTED.findall(text)]
    parts += [(taken, total) for taken, total, _ in selected]
    return AcceleratorLog(
        adapter=adapter and adapter[1],
        software=adapter is not None and "Software" in adapter[2],
        missing=tuple(dict.fromkeys(_missing(text, _ABSENT[accelerator]))),
        refused=tuple(dict.fromkeys(refused)),
        split=tuple(parts),
        partitions=sum(found[2] for found in selected),
    )


def explain_refusal(log: AcceleratorLog, accelerator: str, error: str) -> str:
    """Why an accelerator doesn't run a model whole: a driver or the model itself. error: the library's own words."""
    taken, total = sum(counts[0] for counts in log.split), sum(counts[1] for counts in log.split)
    device = f"{accelerator}, {log.device}," if log.device else accelerator
    reasons = f": {' '.join(log.refused)}" if log.refused else "."
    advice = (
        "A driver won't change that: `lwisp inspect --strict` names the operators and the way out; --delegate cpu runs "
        "them all."
    )
    if taken:
        return f"The {device} takes only {taken} of {total} operations{reasons} {advice}"
    if log.refused or (total and not log.missing):
        return f"The {device} takes no operation of the model{reasons} {advice}"
    if log.missing:
        return (
            f"LiteRT finds no {accelerator} on this machine ({'; '.join(log.missing)}). {_DRIVERS[accelerator]}, "
            "or use --delegate cpu."
        )
    return f"LiteRT can't compile the model for the {device} ({error}). Use --delegate cpu."


def _missing(text: str, words: tuple[str, ...]) -> list[str]:
    lines = [" ".join(line.split()) for line in text.splitlines()]
    found = [line for line in lines if any(word in line.lower() for word in words)]
    return [cause[0] if (cause := _CAUSE.search(line)) else _NOTES.sub("", line) for line in found]
