"""Colour temperature and tint of a white point, and back: Robertson's isotemperature lines.

Sources: A. R. Robertson, "Computation of Correlated Color Temperature and Distribution Temperature", JOSA 58 (1968);
Wyszecki and Stiles, "Color Science" (2nd edition), table 1(3.11). Tint counts as RAW converters do: 3000 times the
distance from the Planckian locus in CIE 1960 u, v; a positive tint makes a picture more magenta.
"""

import math

import numpy as np

WhitePoint = tuple[float, float]
"""CIE 1931 x, y."""

TINT_SCALE = -3000.0

# Reciprocal temperature in 1e-6/K; u, v on the Planckian locus; slope of the isotemperature line.
_LINES = np.array(
    [
        (0, 0.18006, 0.26352, -0.24341),
        (10, 0.18066, 0.26589, -0.25479),
        (20, 0.18133, 0.26846, -0.26876),
        (30, 0.18208, 0.27119, -0.28539),
        (40, 0.18293, 0.27407, -0.30470),
        (50, 0.18388, 0.27709, -0.32675),
        (60, 0.18494, 0.28021, -0.35156),
        (70, 0.18611, 0.28342, -0.37915),
        (80, 0.18740, 0.28668, -0.40955),
        (90, 0.18880, 0.28997, -0.44278),
        (100, 0.19032, 0.29326, -0.47888),
        (125, 0.19462, 0.30141, -0.58204),
        (150, 0.19962, 0.30921, -0.70471),
        (175, 0.20525, 0.31647, -0.84901),
        (200, 0.21142, 0.32312, -1.0182),
        (225, 0.21807, 0.32909, -1.2168),
        (250, 0.22511, 0.33439, -1.4512),
        (275, 0.23247, 0.33904, -1.7298),
        (300, 0.24010, 0.34308, -2.0637),
        (325, 0.24792, 0.34655, -2.4681),
        (350, 0.25591, 0.34951, -2.9641),
        (375, 0.26400, 0.35200, -3.5814),
        (400, 0.27218, 0.35407, -4.3633),
        (425, 0.28039, 0.35577, -5.3762),
        (450, 0.28863, 0.35714, -6.7262),
        (475, 0.29685, 0.35823, -8.5955),
        (500, 0.30505, 0.35907, -11.324),
        (525, 0.31320, 0.35968, -15.628),
        (550, 0.32129, 0.36011, -23.325),
        (575, 0.32931, 0.36038, -40.770),
        (600, 0.33724, 0.36051, -116.45),
    ]
)
_MIREDS, _U, _V = _LINES[:, 0], _LINES[:, 1], _LINES[:, 2]
_LENGTHS = np.hypot(1, _LINES[:, 3])
# Unit vectors along the lines, towards smaller v.
_ALONG_U, _ALONG_V = 1 / _LENGTHS, _LINES[:, 3] / _LENGTHS


def white_of_temperature(kelvin: float, tint: float = 0.0) -> WhitePoint:
    """The white point of a colour temperature (1667 K or more) and a tint."""
    mireds = min(max(1e6 / kelvin, 0.0), float(_MIREDS[-1]))
    u, v, along_u, along_v = (float(np.interp(mireds, _MIREDS, part)) for part in (_U, _V, _ALONG_U, _ALONG_V))
    offset = tint / TINT_SCALE / math.hypot(along_u, along_v)
    u, v = u + along_u * offset, v + along_v * offset
    below = 2 * u - 8 * v + 4
    return 3 * u / below, 2 * v / below


def temperature_of_white(white: WhitePoint) -> tuple[float, float]:
    """Colour temperature in kelvin, and tint, of a white point; 1667 to 100,000 K, the nearest end beyond."""
    x, y = white
    below = -2 * x + 12 * y + 3
    u, v = 4 * x / below, 6 * y / below
    # Distance from each line; it changes its sign between the two that enclose the point.
    distances = (v - _V) * _ALONG_U - (u - _U) * _ALONG_V
    after = next((i for i in range(1, len(_LINES)) if distances[i] <= 0), len(_LINES) - 1)
    low, high = max(float(distances[after - 1]), 0.0), max(-float(distances[after]), 0.0)
    share = low / (low + high) if low + high > 0 else 0.0
    u0, v0, along_u, along_v, mireds = (
        float(part[after - 1] + share * (part[after] - part[after - 1]))
        for part in (_U, _V, _ALONG_U, _ALONG_V, _MIREDS)
    )
    tint = ((u - u0) * along_u + (v - v0) * along_v) / math.hypot(along_u, along_v) * TINT_SCALE
    return 1e6 / max(mireds, 10.0), tint
