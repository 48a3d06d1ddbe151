"""PyNET: its published cost, and a convertible form."""

import pytest

torch = pytest.importorskip("torch")
pynet = pytest.importorskip("lwisp_bench.studies.networks.pynet")


@pytest.fixture(scope="module")
def unreal():
    """PyNET without weights in memory."""
    with torch.device("meta"):
        return pynet.PyNet()


def test_pynet_has_the_published_cost(unreal) -> None:
    packed = torch.zeros(1, 4, 224, 224, device="meta")
    assert pynet.count_parameters(unreal) == 47_554_738
    # 342.5 G is published for everything; these are its convolutions.
    assert pynet.count_macs(lambda: unreal(packed), unreal) / 1e9 == pytest.approx(342.5, rel=0.002)
    assert unreal(packed).shape == (1, 3, 448, 448)


def test_the_norm_is_torchs() -> None:
    torch.manual_seed(0)
    x = 3 * torch.randn(2, 5, 8, 6) + 1
    mine, theirs = pynet.InstanceNorm(5), torch.nn.InstanceNorm2d(5, affine=True)
    scale, shift = torch.rand(5), torch.rand(5)
    with torch.no_grad():
        mine.scale.copy_(scale.view(1, -1, 1, 1))
        mine.shift.copy_(shift.view(1, -1, 1, 1))
        theirs.weight.copy_(scale)
        theirs.bias.copy_(shift)
        assert torch.allclose(mine(x), theirs(x), atol=1e-5)


def test_a_block_has_a_branch_per_kernel() -> None:
    block = pynet.MultiConv(4, 8, 9, norm=True)
    assert block(torch.zeros(1, 4, 16, 16)).shape == (1, 32, 16, 16)
    kernels = [module.kernel_size[0] for module in block.modules() if isinstance(module, torch.nn.Conv2d)]
    assert kernels == [3, 3, 5, 5, 7, 7, 9, 9]


def test_the_finest_level_sees_every_level(unreal) -> None:
    torch.manual_seed(0)
    network = pynet._Level1()
    below = [torch.zeros(1, 32, 8, 8, requires_grad=True) for _ in range(2)]
    encoded = torch.rand(1, 32, 8, 8)
    network(encoded, below).sum().backward()
    assert all(entry.grad is not None and entry.grad.abs().sum() > 0 for entry in below)
