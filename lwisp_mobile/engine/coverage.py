"""What is said of a delegate's share of a model. Standard library only: programs on devices import it first of all."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Coverage:
    """Which operations of a model a delegate runs."""

    delegated_nodes: int
    total_nodes: int
    partitions: int
    """Groups of adjacent operations that the delegate runs; each border costs a hand-over."""
    undelegated: tuple[str, ...]
    """Names of the operations left to the built-in kernels, in graph order."""
