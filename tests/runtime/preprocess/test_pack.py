"""Packing moves samples to their planes."""

import numpy as np

from lwisp_mobile.preprocess.pack import pack_planes, quad_mean
from lwisp_mobile.raw.cfa import unpack


def test_planes_hold_the_sites_in_order_and_can_be_put_back() -> None:
    mosaic = np.arange(24, dtype=np.uint16).reshape(4, 6)
    planes = pack_planes(mosaic)
    assert planes[:, 0, 0].tolist() == [0, 1, 6, 7]
    assert planes.dtype == np.float32
    assert np.array_equal(unpack(planes.transpose(1, 2, 0)), mosaic)


def test_quad_mean_is_that_of_four_sites() -> None:
    assert quad_mean(pack_planes(np.array([[1, 2], [4, 9]], np.uint16))).tolist() == [[4.0]]
