"""Lens shading: light as a lens lets it fall on the sensor, darker towards the corners."""

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.preprocess.shading import MapGain
from lwisp_mobile.preprocess.window import Window
from lwisp_mobile.raw.corrections import GainMap

F32 = NDArray[np.float32]


def shade(light: F32, gain_maps: tuple[GainMap, ...]) -> F32:
    """Divide a mosaic's light by the gains that undo the shading: mirror of `LensShading`. light: (H, W) float32.

    Before noise and clipping, so that the corrected picture is noisier, and brighter than white, in the corners.
    """
    rows, columns = (np.arange(side) for side in light.shape)
    whole = Window(slice(0, len(rows)), slice(0, len(columns)))
    for gain_map in gain_maps:
        light = light / MapGain.of(gain_map, light.shape, rows, columns).over(whole)
    return light


def falloff_maps(size: tuple[int, int], corner_gains: tuple[float, float, float, float]) -> tuple[GainMap, ...]:
    """Four maps, as phones write them: one for each site of the 2x2 cell, gain 1 + (corner - 1) r^2 from the centre.

    size: rows and columns of the mosaic. corner_gains: of the sites, row by row.
    """
    across = (np.arange(POINTS) / (POINTS - 1) * 2 - 1) ** 2 / 2
    square = across[:, None] + across
    spacing = 1 / (POINTS - 1)
    return tuple(
        GainMap(
            *(site // 2, site % 2, *size),
            row_pitch=2,
            col_pitch=2,
            row_origin=0.0,
            col_origin=0.0,
            row_spacing=spacing,
            col_spacing=spacing,
            gains=(1 + (corner - 1) * square[..., None]).astype(np.float32),
        )
        for site, corner in enumerate(corner_gains)
    )


POINTS = 13
"""Of a map, along each side."""
