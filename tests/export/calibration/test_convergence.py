"""Convergence of ranges."""

from lwisp_export.calibration.convergence import measure_convergence
from tests.export.chain_models import float_graph, tile


def test_ranges_converge_to_those_of_all_frames() -> None:
    frames = [[tile(seed)] for seed in (0, 4, 8, 12, 3)]
    points = measure_convergence(float_graph(), frames)
    assert [point.frames for point in points] == [1, 2, 3, 4, 5]
    shares = [point.mean_share for point in points]
    assert shares == sorted(shares)
    assert shares[0] < 0.99
    assert (points[-1].mean_share, points[-1].least_share) == (1.0, 1.0)
