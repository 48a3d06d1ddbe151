/**
 * Bad pixels: sites that a file calls bad, replaced from their neighbours of the same colour before all else, in whole
 * numbers. A site's neighbours lie 2 and 4 px away in 8 directions; of the opposite pairs that are both good, the one
 * whose two sites differ least gives its mean: edges are followed.
 */

/** @import { BadPixels, RawFrame } from "../raw/frame.js" */

/** Row and column steps from a site to one of a pair, opposite the other. The first of equal ones is used. */
const PAIRS = [2, 4].flatMap((ring) => [
  [ring, 0],
  [0, ring],
  [ring, ring],
  [ring, -ring],
]);
const FAR = 1 << 16;
const NEITHER = 1 << 20;

/**
 * The mosaic without its bad pixels; itself where there are none.
 *
 * @param {RawFrame} frame
 */
export function repairedMosaic(frame) {
  if (!frame.badPixels.length) return frame.mosaic;
  const bad = badMask(frame.mosaic, frame.widthPx, frame.badPixels);
  return repair(frame.mosaic, frame.widthPx, bad);
}

/** @param {Uint16Array} mosaic @param {number} widthPx @param {BadPixels[]} found */
function badMask(mosaic, widthPx, found) {
  const bad = new Uint8Array(mosaic.length);
  for (const { constant, points, rectangles } of found) {
    if (constant !== null) for (let at = 0; at < bad.length; at++) if (mosaic[at] === constant) bad[at] = 1;
    for (const [row, column] of points) bad[row * widthPx + column] = 1;
    for (const { left, top, width, height } of rectangles) {
      for (let row = top; row < top + height; row++) bad.fill(1, row * widthPx + left, row * widthPx + left + width);
    }
  }
  return bad;
}

/**
 * Replace bad sites; what lies outside counts as bad. Returns a copy.
 *
 * Each gets (a + b + 1) / 2 of its best pair; without a pair of good sites, the first good neighbour in the order of
 * PAIRS, the forward one of a pair first; without one, its own value.
 *
 * @param {Uint16Array} values row by row
 * @param {number} widthPx
 * @param {Uint8Array} bad 1 where a site is bad
 */
export function repair(values, widthPx, bad) {
  const repaired = values.slice();
  const heightPx = values.length / widthPx;
  /** A neighbour's value; -1 where it's bad or outside. @param {number} row @param {number} column */
  const good = (row, column) => {
    if (row < 0 || row >= heightPx || column < 0 || column >= widthPx) return -1;
    const at = row * widthPx + column;
    return bad[at] ? -1 : values[at];
  };
  for (let at = bad.indexOf(1); at >= 0; at = bad.indexOf(1, at + 1)) {
    repaired[at] = replacement(values[at], Math.floor(at / widthPx), at % widthPx, good);
  }
  return repaired;
}

/**
 * @param {number} own
 * @param {number} row
 * @param {number} column
 * @param {(row: number, column: number) => number} good
 */
function replacement(own, row, column, good) {
  let [best, mean, single] = [NEITHER, 0, -1];
  PAIRS.forEach(([down, across], index) => {
    const ahead = good(row + down, column + across);
    const behind = good(row - down, column - across);
    if (single < 0) single = ahead >= 0 ? ahead : behind;
    const cost = Math.abs(ahead - behind) + (index >> 2) * FAR;
    if (ahead >= 0 && behind >= 0 && cost < best) {
      best = cost;
      mean = (ahead + behind + 1) >> 1;
    }
  });
  if (best < NEITHER) return mean;
  return single >= 0 ? single : own;
}
