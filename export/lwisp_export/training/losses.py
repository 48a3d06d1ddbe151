"""Losses and torch-side metrics; pictures are (N, 3, H, W) in [0, 1]."""

import torch
from torch import Tensor
from torch.nn import functional

from lwisp_export.training.training_recipe import LossRecipe

CHARBONNIER_EPSILON = 1e-3
_SSIM_WEIGHTS = (0.0448, 0.2856, 0.3001)
"""First three of the five scales of Wang et al., 'Multi-scale structural similarity' (2003)."""


def charbonnier(output: Tensor, truth: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean of sqrt(d^2 + eps^2): an absolute error that is smooth at zero (Charbonnier et al., 1994).

    weights: of the N pictures, (N,); None: all alike.
    """
    errors = torch.sqrt((output - truth) ** 2 + CHARBONNIER_EPSILON**2)
    return errors.mean() if weights is None else (errors.mean(dim=(1, 2, 3)) * weights).sum() / weights.sum()


def iso_weights(iso: Tensor) -> Tensor:
    """Weights of pictures by their ISO, (N,): near the inverse of the error that a trained student has left at it."""
    return 1 / (0.35 + torch.sqrt(iso / 800))


def ms_ssim(output: Tensor, truth: Tensor) -> Tensor:
    """Multi-scale SSIM at three scales, weights scaled to sum to 1; a patch of 96 px allows no more."""
    total = sum(_SSIM_WEIGHTS)
    value = torch.ones((), device=output.device)
    for scale, weight in enumerate(_SSIM_WEIGHTS):
        luminance, contrast = _ssim_parts(output, truth)
        last = scale == len(_SSIM_WEIGHTS) - 1
        part = (luminance * contrast if last else contrast).mean().clamp_min(1e-4)
        value = value * part ** (weight / total)
        output, truth = functional.avg_pool2d(output, 2), functional.avg_pool2d(truth, 2)
    return value


def grid(output: Tensor, truth: Tensor) -> Tensor:
    """Mean error that depends on the 2x2 phase of a pixel, over squares of 16 px.

    Depth-to-space computes the four phases by different filters; where they disagree on a flat colour, a grid shows.
    """
    phases = functional.pixel_unshuffle(output - truth, 2)
    n, channels, height, width = phases.shape
    phases = phases.view(n, channels // 4, 4, height, width)
    uneven = (phases - phases.mean(dim=2, keepdim=True)).view(n, channels, height, width)
    return functional.avg_pool2d(uneven, 8, stride=4).abs().mean()


def _ssim_parts(output: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """SSIM's luminance and contrast-structure maps with an 11x11 Gaussian window, sigma 1.5."""
    mean_o, mean_t = _blur(output), _blur(truth)
    var_o, var_t = _blur(output * output) - mean_o**2, _blur(truth * truth) - mean_t**2
    covariance = _blur(output * truth) - mean_o * mean_t
    luminance = (2 * mean_o * mean_t + 0.01**2) / (mean_o**2 + mean_t**2 + 0.01**2)
    return luminance, (2 * covariance + 0.03**2) / (var_o + var_t + 0.03**2)


def _blur(x: Tensor) -> Tensor:
    taps = torch.exp(-((torch.arange(11, device=x.device) - 5.0) ** 2) / (2 * 1.5**2)).to(x.dtype)
    kernel = (taps / taps.sum()).view(1, 1, 11, 1).expand(x.shape[1], 1, 11, 1)
    rows = functional.conv2d(x, kernel, groups=x.shape[1])
    return functional.conv2d(rows, kernel.transpose(2, 3), groups=x.shape[1])


def total_loss(output: Tensor, truth: Tensor, recipe: LossRecipe, iso: Tensor | None = None) -> Tensor:
    """The recipe's weighted sum of terms; those of weight 0 aren't computed. iso: of the pictures if known, (N,)."""
    weights = iso_weights(iso) if recipe.iso_weighted and iso is not None else None
    loss = recipe.charbonnier * charbonnier(output, truth, weights)
    if recipe.ms_ssim:
        loss = loss + recipe.ms_ssim * (1 - ms_ssim(output, truth))
    if recipe.grid:
        loss = loss + recipe.grid * grid(output, truth)
    return loss


def psnr_db(output: Tensor, truth: Tensor) -> float:
    """PSNR in dB at data range 1.0 over all pixels."""
    return float(-10 * torch.log10(torch.mean((output - truth) ** 2)))
