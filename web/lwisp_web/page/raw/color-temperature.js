/** Colour temperature of a white point, by Robertson's isotemperature lines (JOSA 58, 1968). */

/**
 * CIE 1931 x, y of a light's white.
 *
 * @typedef {object} WhitePoint
 * @property {number} x
 * @property {number} y
 */

/**
 * Reciprocal temperature in 1e-6/K; u, v on the Planckian locus; the line's slope. Wyszecki and Stiles, "Color Science"
 * (2nd edition), table 1(3.11).
 */
const ISOTHERMS = [
  [0, 0.18006, 0.26352, -0.24341],
  [10, 0.18066, 0.26589, -0.25479],
  [20, 0.18133, 0.26846, -0.26876],
  [30, 0.18208, 0.27119, -0.28539],
  [40, 0.18293, 0.27407, -0.3047],
  [50, 0.18388, 0.27709, -0.32675],
  [60, 0.18494, 0.28021, -0.35156],
  [70, 0.18611, 0.28342, -0.37915],
  [80, 0.1874, 0.28668, -0.40955],
  [90, 0.1888, 0.28997, -0.44278],
  [100, 0.19032, 0.29326, -0.47888],
  [125, 0.19462, 0.30141, -0.58204],
  [150, 0.19962, 0.30921, -0.70471],
  [175, 0.20525, 0.31647, -0.84901],
  [200, 0.21142, 0.32312, -1.0182],
  [225, 0.21807, 0.32909, -1.2168],
  [250, 0.22511, 0.33439, -1.4512],
  [275, 0.23247, 0.33904, -1.7298],
  [300, 0.2401, 0.34308, -2.0637],
  [325, 0.24792, 0.34655, -2.4681],
  [350, 0.25591, 0.34951, -2.9641],
  [375, 0.264, 0.352, -3.5814],
  [400, 0.27218, 0.35407, -4.3633],
  [425, 0.28039, 0.35577, -5.3762],
  [450, 0.28863, 0.35714, -6.7262],
  [475, 0.29685, 0.35823, -8.5955],
  [500, 0.30505, 0.35907, -11.324],
  [525, 0.3132, 0.35968, -15.628],
  [550, 0.32129, 0.36011, -23.325],
  [575, 0.32931, 0.36038, -40.77],
  [600, 0.33724, 0.36051, -116.45],
];
const LEAST_MIREDS = 10;

/**
 * Colour temperature of a white point in kelvin, 1667 to 100,000; the nearest end beyond.
 *
 * @param {WhitePoint} white
 */
export function temperatureOfWhite(white) {
  const below = -2 * white.x + 12 * white.y + 3;
  const [u, v] = [(4 * white.x) / below, (6 * white.y) / below];
  const distances = ISOTHERMS.map((line) => distance(line, u, v));
  // The sign changes between the two lines that enclose the point.
  const crossed = distances.findIndex((each, index) => index > 0 && each <= 0);
  const after = crossed < 0 ? distances.length - 1 : crossed;
  const [low, high] = [Math.max(distances[after - 1], 0), Math.max(-distances[after], 0)];
  const share = low + high > 0 ? low / (low + high) : 0;
  const [start, stop] = [ISOTHERMS[after - 1][0], ISOTHERMS[after][0]];
  return 1e6 / Math.max(start + share * (stop - start), LEAST_MIREDS);
}

/**
 * A point's distance from a line; the sign tells the side.
 *
 * @param {number[]} line
 * @param {number} u
 * @param {number} v
 */
function distance([, lineU, lineV, slope], u, v) {
  const length = Math.hypot(1, slope);
  return (v - lineV) * (1 / length) - (u - lineU) * (slope / length);
}
