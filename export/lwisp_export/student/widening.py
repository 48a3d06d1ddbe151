"""A student with an image skip begun from one without: what that one learned is kept, the new starts near zero."""

from dataclasses import replace

import torch
from torch import Tensor

from lwisp_export.student.config import StudentConfig
from lwisp_export.student.network import Student
from lwisp_mobile.errors import UsageError

LINEAR_SLOPE, LINEAR_OFFSET = 0.105, 0.486
"""Neutral pictures from the shipped students' logits of pictures with the S-curve, by least squares over training pairs
between black and white: slopes 0.101 to 0.119, offsets 0.480 to 0.494."""
SKIP_SHARE = 0.1
"""Factor on the skip's first weights: the picture is complete without."""


def can_widen(old: StudentConfig, new: StudentConfig) -> bool:
    """Whether the new form is the old one with an image skip and perhaps a noise plane."""
    return new.image_skip and not old.image_skip and replace(new, noise_plane=old.noise_plane, image_skip=False) == old


@torch.no_grad()
def widen(weights: dict[str, Tensor], old: StudentConfig, new: StudentConfig) -> dict[str, Tensor]:
    """Weights for the new form, float32. weights: of the old form. Raises UsageError if `can_widen` says no."""
    if not can_widen(old, new):
        raise UsageError(f"A student of {new} can't begin from one of {old}. Give another checkpoint.")
    widened = Student(new).state_dict()
    for name, value in weights.items():
        if widened[name].ndim > 1:  # new input channels come last
            widened[name].zero_()[:, : value.shape[1]] = value.float()
        else:
            widened[name].copy_(value)
    widened["to_rgb.weight"].mul_(LINEAR_SLOPE)
    widened["to_rgb.bias"].mul_(LINEAR_SLOPE).add_(LINEAR_OFFSET)
    widened["skip.weight"].mul_(SKIP_SHARE)
    return widened
