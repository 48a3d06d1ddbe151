"""A made shot: what a phone's Camera2 would report of it, and what the Python runtime makes of the same facts."""

import base64
import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.raw.corrections import BadPixels, GainMap, NoiseProfile
from lwisp_mobile.raw.dng_color import ILLUMINANT_KELVIN, Calibration, CameraColor
from lwisp_mobile.raw.image import RawImage

WIDTH_PX, HEIGHT_PX = 214, 151
"""The sensor's pixel array, which its RAW covers."""
ACTIVE_LEFT, ACTIVE_TOP, ACTIVE_WIDTH, ACTIVE_HEIGHT = 5, 3, 203, 145
"""Odd on purpose: filters and greens change places."""
CFA, CAMERA2_CFA = "GBRG", 2
"""Of the pixel array's first cell, and Camera2's number for it."""
STRIDE_BYTES = 2 * WIDTH_PX + 26
WHITE = 1015
BLACK = (64.125, 63.5, 65.0, 64.75)
"""As it was in this shot, by site of the pixel array's cell."""
STATIC_BLACK = (60, 60, 60, 60)
BOOST_PERCENT = 173
NEUTRAL = (Fraction(521, 1000), Fraction(1), Fraction(643, 1000))
HOT_PIXELS = ((17, 20), (100, 77), (101, 80), (3, 2), (207, 147))
"""Column and row in the pixel array; the fourth lies outside the active array."""
NOISE = ((2.1e-4, 2e-6), (2.9e-4, 4e-6), (1.9e-4, 3e-6), (2.2e-4, 1e-6))
MAP_ROWS, MAP_COLUMNS = 5, 7
ORIENTATION = 6


@dataclass(frozen=True)
class Light:
    """A sensor under one light, in thousandths."""

    illuminant: int
    color: tuple[int, ...]
    calibration: tuple[int, ...]
    forward: tuple[int, ...]


LIGHTS = (
    Light(
        17,
        (950, -300, -100, -400, 1250, 150, -50, 200, 650),
        (1020, 30, 0, 0, 1000, 20, 10, 0, 980),
        (620, 250, 90, 270, 680, 50, 20, 110, 690),
    ),
    Light(
        21,
        (800, -200, -80, -450, 1300, 160, -100, 250, 550),
        (1030, 40, 0, 0, 1000, 30, 20, 0, 970),
        (580, 280, 100, 240, 720, 40, 30, 160, 640),
    ),
)


def write_shot(folder: Path) -> RawImage:
    """Write shot.json and the RAW image's bytes as shot.raw. Returns the frame that the facts describe."""
    image, gains = _image(), _gains()
    padded = np.full((HEIGHT_PX, STRIDE_BYTES // 2), 0x5A5A, "<u2")
    padded[:, :WIDTH_PX] = image
    (folder / "shot.raw").write_bytes(padded.tobytes())
    (folder / "shot.json").write_text(json.dumps(_facts(gains)), encoding="utf-8")
    return _frame(image, gains)


def _image() -> NDArray[np.uint16]:
    rng = np.random.default_rng(18)
    down, across = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX]
    picture = 420 + 260 * np.sin(across / 15) * np.cos(down / 12) + rng.normal(0, 9, (HEIGHT_PX, WIDTH_PX))
    image = np.clip(picture, 0, WHITE).astype(np.uint16)
    for column, row in HOT_PIXELS:
        image[row, column] = WHITE
    # Masked borders are black.
    image[:ACTIVE_TOP], image[:, :ACTIVE_LEFT] = 64, 64
    return np.asarray(image, np.uint16)


def _gains() -> NDArray[np.float32]:
    """(rows, columns, 4): R, green of even rows, green of odd rows, B."""
    return np.asarray(np.random.default_rng(19).uniform(1, 2.5, (MAP_ROWS, MAP_COLUMNS, 4)), np.float32)


def _facts(gains: NDArray[np.float32]) -> dict[str, Any]:
    return {
        "size_px": [WIDTH_PX, HEIGHT_PX],
        "stride_bytes": STRIDE_BYTES,
        "cfa": CAMERA2_CFA,
        "active": [ACTIVE_LEFT, ACTIVE_TOP, ACTIVE_LEFT + ACTIVE_WIDTH, ACTIVE_TOP + ACTIVE_HEIGHT],
        "white": WHITE,
        "static_black": STATIC_BLACK,
        "black": BLACK,
        "boost_percent": BOOST_PERCENT,
        "neutral": [[value.numerator, value.denominator] for value in NEUTRAL],
        "hot_pixels": HOT_PIXELS,
        "noise": NOISE,
        "map_points": [MAP_ROWS, MAP_COLUMNS],
        "map": base64.b64encode(gains.astype("<f4").tobytes()).decode("ascii"),
        "orientation": ORIENTATION,
        "lights": [vars(light) for light in LIGHTS],
    }


def _frame(image: NDArray[np.uint16], gains: NDArray[np.float32]) -> RawImage:
    rows, columns = slice(ACTIVE_TOP, ACTIVE_TOP + ACTIVE_HEIGHT), slice(ACTIVE_LEFT, ACTIVE_LEFT + ACTIVE_WIDTH)
    sites = [(ACTIVE_TOP + y) % 2 * 2 + (ACTIVE_LEFT + x) % 2 for y, x in ((0, 0), (0, 1), (1, 0), (1, 1))]
    red, green, blue = (float(np.float32(1) / np.float32(value)) for value in NEUTRAL)
    return RawImage(
        mosaic=np.ascontiguousarray(image[rows, columns]),
        cfa="".join(CFA[site] for site in sites),
        black_level=(BLACK[sites[0]], BLACK[sites[1]], BLACK[sites[2]], BLACK[sites[3]]),
        white_level=float(WHITE),
        wb_gains=(red, green, blue),
        camera_to_srgb=CameraColor(tuple(map(_calibration, LIGHTS))).camera_to_srgb((red, green, blue)),
        orientation=ORIENTATION,
        gain_maps=tuple(_gain_map(index, CFA[site], gains) for index, site in enumerate(sites)),
        bad_pixels=(BadPixels(points=_hot_points()),),
        baseline_exposure_ev=round(float(np.log2(BOOST_PERCENT / 100)), 6),
        noise_profile=_noise(),
    )


def _calibration(light: Light) -> Calibration:
    color, calibration, forward = (
        np.array(matrix).reshape(3, 3) / 1000 for matrix in (light.color, light.calibration, light.forward)
    )
    return Calibration(ILLUMINANT_KELVIN[light.illuminant], color, calibration, forward)


def _gain_map(index: int, letter: str, gains: NDArray[np.float32]) -> GainMap:
    """Of one site of the active array's cell. Greens are told apart by the sensor's row."""
    green = 1 + (ACTIVE_TOP + index // 2) % 2
    channel = {"R": 0, "G": green, "B": 3}[letter]
    spacing = (1 / (MAP_ROWS - 1), 1 / (MAP_COLUMNS - 1))
    area = (index // 2, index % 2, ACTIVE_HEIGHT, ACTIVE_WIDTH, 2, 2)
    return GainMap(*area, 0.0, 0.0, *spacing, np.ascontiguousarray(gains[:, :, channel : channel + 1]))


def _hot_points() -> NDArray[np.int32]:
    points = np.array([(row - ACTIVE_TOP, column - ACTIVE_LEFT) for column, row in HOT_PIXELS], np.int32)
    return points[np.all((points >= 0) & (points < (ACTIVE_HEIGHT, ACTIVE_WIDTH)), axis=1)]


def _noise() -> NoiseProfile:
    red, green, blue = (
        [sum(part) / len(part) for part in zip(*(pair for pair, name in zip(NOISE, CFA) if name == letter))]
        for letter in "RGB"
    )
    return NoiseProfile((red[0], green[0], blue[0]), (red[1], green[1], blue[1]))
