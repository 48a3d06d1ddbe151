"""Data-parallel training under torchrun: each process generates and trains on its share of every batch."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from lwisp_export.training.batches import Share
from lwisp_mobile.errors import UsageError


@contextmanager
def process_group(device: str) -> Iterator[Share]:
    """This process's share of the batches; under torchrun it joins the group (gloo on CPUs, nccl on GPUs)."""
    if "WORLD_SIZE" not in os.environ:
        yield Share()
        return
    if device == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    distributed.init_process_group("nccl" if device == "cuda" else "gloo")
    try:
        yield Share(distributed.get_rank(), distributed.get_world_size())
    finally:
        distributed.destroy_process_group()


def check_share(batch: int, share: Share) -> None:
    """Raises UsageError unless every process gets the same number of pictures."""
    if batch % share.of:
        raise UsageError(
            f"A batch of {batch} can't be split evenly over {share.of} processes; choose a [data] batch that can."
        )


def wrap(objective: nn.Module) -> nn.Module:
    """The objective, with gradients averaged over the process group if there is one."""
    return DistributedDataParallel(objective) if distributed.is_initialized() else objective
