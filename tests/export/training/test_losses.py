"""Losses against values known by hand."""

import pytest
import torch

from lwisp_export.training.losses import charbonnier, grid, ms_ssim, psnr_db, total_loss
from lwisp_export.training.training_recipe import LossRecipe


def test_losses() -> None:
    torch.manual_seed(0)
    truth = torch.rand(2, 3, 96, 96)
    near, far = (truth + 0.02).clamp(0, 1), torch.rand(2, 3, 96, 96)
    assert charbonnier(truth, truth) == pytest.approx(1e-3)
    assert ms_ssim(truth, truth) == pytest.approx(1.0, abs=1e-5)
    assert ms_ssim(near, truth) > 0.95
    assert ms_ssim(far, truth) < 0.5
    assert psnr_db(torch.full((1, 3, 4, 4), 0.6), torch.full((1, 3, 4, 4), 0.5)) == pytest.approx(20, abs=1e-4)
    both = total_loss(far, truth, LossRecipe(charbonnier=1, ms_ssim=0.2))
    assert both == pytest.approx(float(charbonnier(far, truth) + 0.2 * (1 - ms_ssim(far, truth))), abs=1e-6)
    only_charbonnier = LossRecipe(charbonnier=1, ms_ssim=0)
    assert total_loss(far, truth, only_charbonnier) == charbonnier(far, truth)


def test_the_grid_term_sees_grids_and_not_offsets_or_noise() -> None:
    torch.manual_seed(0)
    truth = torch.rand(1, 3, 64, 64)
    checker = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).repeat(32, 32)
    assert grid(truth + 0.05, truth) == pytest.approx(0, abs=1e-6)
    assert grid(truth + 0.05 * checker, truth) == pytest.approx(0.05, abs=1e-4)
    assert grid(truth + 0.05 * torch.randn(1, 3, 64, 64), truth) < 0.01
    with_grid = total_loss(truth + 0.05 * checker, truth, LossRecipe(charbonnier=0, ms_ssim=0, grid=2))
    assert with_grid == pytest.approx(0.1, abs=1e-3)


def test_noisy_pictures_weigh_less_where_the_recipe_says_so() -> None:
    truth = torch.zeros(2, 3, 64, 64)
    output = torch.stack([torch.full((3, 64, 64), 0.1), torch.full((3, 64, 64), 0.5)])
    iso = torch.tensor([1.0, 3200.0])
    recipe = LossRecipe(ms_ssim=0, iso_weighted=True)
    weights = (1 / 0.385355, 1 / 2.35)
    expected = (0.1 * weights[0] + 0.5 * weights[1]) / sum(weights)
    assert total_loss(output, truth, recipe, iso) == pytest.approx(expected, abs=1e-4)
    assert total_loss(output, truth, LossRecipe(ms_ssim=0), iso) == pytest.approx(0.3, abs=1e-4)
    assert total_loss(output, truth, recipe) == pytest.approx(0.3, abs=1e-4)
