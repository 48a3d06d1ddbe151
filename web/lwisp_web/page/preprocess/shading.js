/**
 * Lens shading: gains that undo a lens's fall-off towards the corners, multiplied in before white is clipped (DNG
 * specification 1.7.1, opcodes 9 and 3). Where the frame is extended by reflection, so is the gain.
 */

/** @import { GainMap, MapAxis, RawFrame, Rectangle, VignetteRadial } from "../raw/frame.js" */

const f32 = Math.fround;

/** One packed plane's rows (or columns) in the mosaic. @typedef {{places: Int32Array, sidePx: number}} Sites */
/**
 * Multiplies every fourth gain, from `plane` on, over a window.
 *
 * @typedef {(window: Rectangle, gains: Float32Array, plane: number) => void} PlaneGain
 */

export class LensShading {
  /**
   * @param {RawFrame} frame
   * @param {Int32Array} rows the mosaic's row of each of the aligned frame's
   * @param {Int32Array} columns
   */
  constructor(frame, rows, columns) {
    this.planes = [0, 1, 2, 3].map((plane) => {
      const down = { places: rows.filter((_, index) => index % 2 === plane >> 1), sidePx: frame.heightPx };
      const across = { places: columns.filter((_, index) => index % 2 === (plane & 1)), sidePx: frame.widthPx };
      const maps = frame.gainMaps.flatMap((map) => mapGain(map, down, across) ?? []);
      return [...maps, ...frame.vignettes.map((vignette) => radialGain(vignette, down, across))];
    });
  }

  /**
   * Gains of R, Gr, Gb, B over a window in packed pixels: row by row, four values per pixel.
   *
   * @param {Rectangle} window
   */
  over(window) {
    const gains = new Float32Array(4 * window.width * window.height).fill(1);
    this.planes.forEach((parts, plane) => parts.forEach((multiply) => multiply(window, gains, plane)));
    return gains;
  }
}

/**
 * Where sites along one side lie between a map's points: at index + fraction. Computed in 64 bits, rounded once.
 *
 * @param {MapAxis} map
 * @param {Sites} sites
 */
function placeSites(map, { places, sidePx }) {
  const intervals = map.count - 1;
  const positions = Float64Array.from(places, (place) => {
    if (intervals === 0) return 0;
    return Math.min(Math.max(((place + 0.5) / sidePx - map.origin) / map.spacing, 0), intervals);
  });
  const index = Int32Array.from(positions, (position) => Math.min(Math.floor(position), Math.max(intervals - 1, 0)));
  const fraction = Float32Array.from(positions, (position, at) => position - index[at]);
  const inside = Array.from(
    places,
    (place) => place >= map.start && place < map.stop && (place - map.start) % map.pitch === 0,
  );
  return { index, fraction, inside };
}

/**
 * A gain map over one packed plane, bilinear: along rows first, low + fraction (high - low) in 32 bits. Null if no site
 * has a gain from it.
 *
 * @param {GainMap} map
 * @param {Sites} down
 * @param {Sites} across
 * @returns {PlaneGain | null}
 */
function mapGain(map, down, across) {
  const [row, column] = [placeSites(map.down, down), placeSites(map.across, across)];
  if (!row.inside.includes(true) || !column.inside.includes(true)) return null;
  /** A row of the map's points at the window's columns. @param {number} index @param {Rectangle} window */
  const line = (index, window) => {
    const start = Math.min(index, map.down.count - 1) * map.across.count;
    return Float32Array.from({ length: window.width }, (_, x) => {
      const at = window.left + x;
      const low = map.gains[start + column.index[at]];
      const high = map.gains[start + Math.min(column.index[at] + 1, map.across.count - 1)];
      return f32(column.fraction[at] * f32(high - low)) + low;
    });
  };
  return (window, gains, plane) => {
    /** @type {Map<number, Float32Array>} */
    const lines = new Map();
    const cached = (/** @type {number} */ index) => {
      const found = lines.get(index) ?? line(index, window);
      lines.set(index, found);
      return found;
    };
    for (let y = 0; y < window.height; y++) {
      const at = window.top + y;
      if (!row.inside[at]) continue;
      const [low, high] = [cached(row.index[at]), cached(row.index[at] + 1)];
      for (let x = 0; x < window.width; x++) {
        if (!column.inside[window.left + x]) continue;
        gains[4 * (y * window.width + x) + plane] *= f32(f32(f32(high[x] - low[x]) * row.fraction[at]) + low[x]);
      }
    }
  };
}

/**
 * A radial polynomial over one packed plane: 1 + s (k0 + s (k1 + s (k2 + s (k3 + s k4)))), s = y2 + x2, by Horner's
 * rule in 32 bits.
 *
 * @param {VignetteRadial} vignette
 * @param {Sites} down
 * @param {Sites} across
 * @returns {PlaneGain}
 */
function radialGain(vignette, down, across) {
  const k = Float32Array.from(vignette.coefficients);
  const [middleY, middleX] = [vignette.centerY * down.sidePx, vignette.centerX * across.sidePx];
  const farthest = Math.max(middleY, down.sidePx - middleY) ** 2 + Math.max(middleX, across.sidePx - middleX) ** 2;
  /** @param {Sites} sites @param {number} middle */
  const squares = (sites, middle) => Float32Array.from(sites.places, (place) => (place + 0.5 - middle) ** 2 / farthest);
  const [y2, x2] = [squares(down, middleY), squares(across, middleX)];
  return (window, gains, plane) => {
    for (let y = 0; y < window.height; y++) {
      for (let x = 0; x < window.width; x++) {
        const square = f32(y2[window.top + y] + x2[window.left + x]);
        let gain = f32(square * k[4]);
        for (let power = 3; power >= 0; power--) gain = f32(f32(gain + k[power]) * square);
        gains[4 * (y * window.width + x) + plane] *= f32(gain + 1);
      }
    }
  };
}
