/**
 * Noise estimated from a mosaic itself: blocks of 8x8 sites of one colour are split by the Haar transform. The blocks
 * that vary least but in their diagonal differences are taken as flat, and what those vary by is noise alone. A line
 * through the ranges of light gives shot and read noise. Whole numbers, and sums in a stated order: equal mosaics give
 * the Python runtime's noise.
 */

import { siteOrder } from "../raw/cfa.js";

/** @import { NoiseProfile, RawFrame } from "../raw/frame.js" */

/** Side of a block in sites of one colour. */
const BLOCK = 8;
/** Blocks of each plane that are looked at, spread evenly over the frame. */
const MAX_BLOCKS = 1 << 13;
/** Ranges of light, equal in its square root. */
const RANGES = 24;
/** One block in so many is taken as flat. */
const FLAT_SHARE = 32;
/** Blocks that a range needs. */
const LEAST_FLAT = 16;
/** A range whose variance is above the line by more than this factor holds nothing flat. */
const OUTLIER = 1.25;
const ROUNDS = 8;

/**
 * On light in [0, 1]: variance of a site, and the energy of all else.
 *
 * @typedef {{light: number, variance: number, texture: number}} Block
 */
/** One range of light and the variance of its flat blocks. @typedef {{light: number, variance: number}} Level */

/**
 * Shot and read noise of a frame, the same for all colours; null if no block is flat and unclipped.
 *
 * @param {RawFrame} frame
 * @returns {NoiseProfile | null}
 */
export function estimateNoise(frame) {
  const levels = flatLevels(siteOrder(frame.cfa).flatMap((site) => blocksOf(frame, site)));
  if (!levels.length) return null;
  const [shot, read] = fitLine(levels);
  return { scale: [shot, shot, shot], offset: [read, read, read] };
}

/**
 * Blocks of one site of the cell; those that reach white or the sensor's zero are left out.
 *
 * @param {RawFrame} frame
 * @param {number} site
 */
function blocksOf(frame, site) {
  const [top, left] = [site >> 1, site & 1];
  const rows = Math.floor(((frame.heightPx - top + 1) >> 1) / BLOCK);
  const columns = Math.floor(((frame.widthPx - left + 1) >> 1) / BLOCK);
  let step = 1;
  while (rows * columns > MAX_BLOCKS * step * step) step++;
  const values = new Float64Array(BLOCK * BLOCK);
  /** @type {Block[]} */
  const found = [];
  for (let row = 0; row < rows; row += step) {
    for (let column = 0; column < columns; column += step) {
      for (let at = 0; at < values.length; at++) {
        const y = top + 2 * (BLOCK * row + Math.floor(at / BLOCK));
        values[at] = frame.mosaic[y * frame.widthPx + left + 2 * (BLOCK * column + (at % BLOCK))];
      }
      if (values.every((value) => value < frame.whiteLevel && value > 0)) found.push(measure(values, frame, site));
    }
  }
  return found;
}

/** @param {Float64Array} values @param {RawFrame} frame @param {number} site @returns {Block} */
function measure(values, frame, site) {
  const black = frame.blackLevel[site];
  const span = frame.whiteLevel - black;
  const count = BLOCK * BLOCK;
  let [diagonal, other, total] = [0, 0, 0];
  for (let y = 0; y < BLOCK; y += 2) {
    for (let x = 0; x < BLOCK; x += 2) {
      const at = y * BLOCK + x;
      const [a, b, c, d] = [values[at], values[at + 1], values[at + BLOCK], values[at + BLOCK + 1]];
      diagonal += (a - b - c + d) ** 2;
      other += (a + b - c - d) ** 2 + (a - b + c - d) ** 2 + (a + b + c + d) ** 2;
      total += a + b + c + d;
    }
  }
  return {
    light: (total / count - black) / span,
    variance: diagonal / count / (span * span),
    texture: (other - Math.floor((total * total) / (count / 4))) / (span * span),
  };
}

/** The flat blocks' variance in each range of light that has enough of them. @param {Block[]} blocks */
function flatLevels(blocks) {
  /** @type {Block[][]} */
  const ranges = Array.from({ length: RANGES }, () => []);
  for (const block of blocks) {
    ranges[Math.min(Math.floor(Math.sqrt(Math.max(block.light, 0)) * RANGES), RANGES - 1)].push(block);
  }
  return ranges.flatMap((inside) => {
    const count = Math.max(Math.floor(inside.length / FLAT_SHARE), LEAST_FLAT);
    if (inside.length < count) return [];
    const flat = inside.sort((a, b) => a.texture - b.texture).slice(0, count);
    return [{ light: mean(flat.map((block) => block.light)), variance: mean(flat.map((block) => block.variance)) }];
  });
}

/** Least squares of relative deviations, repeated without the levels far above the line. @param {Level[]} levels */
function fitLine(levels) {
  let kept = levels;
  let line = leastSquares(kept);
  for (let round = 1; round < ROUNDS; round++) {
    const [shot, read] = line;
    const below = levels.filter(({ light, variance }) => variance <= OUTLIER * (shot * Math.max(light, 0) + read));
    // Levels are only ever left out in place: equal lengths, taken from one list in order, can still differ.
    if (below.length < 2 || (below.length === kept.length && below.every((level, at) => level === kept[at]))) break;
    kept = below;
    line = leastSquares(kept);
  }
  return line;
}

/** The line by its normal equations; where a term would be negative, the other alone. @param {Level[]} levels */
function leastSquares(levels) {
  let [xx, x1, xy, ww, wy] = [0, 0, 0, 0, 0];
  for (const level of levels) {
    const [light, variance] = [Math.max(level.light, 0), Math.max(level.variance, 1e-12)];
    const weight = 1 / (variance * variance);
    xx += weight * light * light;
    x1 += weight * light;
    xy += weight * light * variance;
    ww += weight;
    wy += weight * variance;
  }
  const determinant = xx * ww - x1 * x1;
  if (determinant > 1e-9 * xx * ww) {
    const [shot, read] = [(ww * xy - x1 * wy) / determinant, (xx * wy - x1 * xy) / determinant];
    if (Math.min(shot, read) >= 0) return [shot, read];
    if (read < 0) return [xy / xx, 0];
  }
  return [0, wy / ww];
}

/** @param {number[]} values */
function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
