/** Tiles: pure geometry. Where tiles lie so that they agree with the whole frame, and how large they are. */

/** @import { SignatureContract } from "../contract.js" */
/** @import { Rectangle } from "../raw/frame.js" */

/**
 * Along a side, in packed px: a tile, and the part of its result that is kept.
 *
 * @typedef {{start: number, stop: number, keepStart: number, keepStop: number}} Span
 */
/**
 * What the model is given, and what of its output is kept; kept parts cover the frame once.
 *
 * @typedef {{input: Rectangle, keep: Rectangle}} Tile
 */
/**
 * How a signature goes over a frame: tiles of one size, row by row.
 *
 * @typedef {{signature: SignatureContract, width: number, height: number, tiles: Tile[]}} TilePlan
 */

/** Numbers of tiles along a side that are considered. */
const CUTS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 19, 22, 26, 31, 37, 44, 53, 64];

/**
 * Lay tiles of one length along a side. Every kept part has its halo inside its tile, or ends with the frame where its
 * tile does: there the network pads as it does on the whole frame.
 *
 * @param {number} sidePx
 * @param {number} tilePx at most sidePx; under it, over 2 * haloPx
 * @param {number} haloPx
 * @returns {Span[]}
 */
export function splitSide(sidePx, tilePx, haloPx) {
  if (tilePx >= sidePx) return [{ start: 0, stop: sidePx, keepStart: 0, keepStop: sidePx }];
  const [step, last] = [tilePx - 2 * haloPx, sidePx - tilePx];
  const count = 1 + Math.ceil(last / step);
  const starts = Array.from({ length: count }, (_, index) => Math.min(index * step, last));
  const edges = [0, ...starts.slice(1).map((start) => start + haloPx), sidePx];
  return starts.map((start, at) => ({ start, stop: start + tilePx, keepStart: edges[at], keepStop: edges[at + 1] }));
}

/**
 * The tiles with the least work whose runs stay within a limit; null if not even the smallest do.
 *
 * @param {SignatureContract} signature
 * @param {number} widthPx the frame's, packed
 * @param {number} heightPx
 * @param {number} limitBytes of a run, by the contract's bytes per px
 * @returns {TilePlan | null}
 */
export function planTiles(signature, widthPx, heightPx, limitBytes) {
  const [widths, heights] = [tileSides(widthPx, signature), tileSides(heightPx, signature)];
  let best = null;
  for (const height of heights) {
    for (const width of widths) {
      if (width * height * signature.bytes_per_packed_px > limitBytes) continue;
      const count = countTiles(widthPx, width, signature.halo_px) * countTiles(heightPx, height, signature.halo_px);
      const work = count * width * height;
      if (best === null || work < best.work) best = { work, width, height };
    }
  }
  return best && layTiles(signature, widthPx, heightPx, best.width, best.height);
}

/**
 * @param {SignatureContract} signature
 * @param {number} widthPx
 * @param {number} heightPx
 * @param {number} width of a tile
 * @param {number} height
 * @returns {TilePlan}
 */
export function layTiles(signature, widthPx, heightPx, width, height) {
  const rows = splitSide(heightPx, height, signature.halo_px);
  const columns = splitSide(widthPx, width, signature.halo_px);
  return { signature, width, height, tiles: rows.flatMap((row) => columns.map((column) => tileOf(row, column))) };
}

/** @param {Span} row @param {Span} column @returns {Tile} */
function tileOf(row, column) {
  return {
    input: { left: column.start, top: row.start, width: column.stop - column.start, height: row.stop - row.start },
    keep: {
      left: column.keepStart,
      top: row.keepStart,
      width: column.keepStop - column.keepStart,
      height: row.keepStop - row.keepStart,
    },
  };
}

/**
 * For each number of tiles, the smallest side that still covers the frame.
 *
 * @param {number} sidePx
 * @param {SignatureContract} signature
 */
function tileSides(sidePx, { halo_px: halo, multiple_px: multiple }) {
  const sides = new Set(
    CUTS.map((count) => Math.ceil((sidePx + (count - 1) * 2 * halo) / count / multiple) * multiple),
  );
  return [...sides].filter((side) => side === sidePx || (side > 2 * halo && side < sidePx)).sort((a, b) => b - a);
}

/** @param {number} sidePx @param {number} tilePx @param {number} haloPx */
function countTiles(sidePx, tilePx, haloPx) {
  return sidePx > tilePx ? 1 + Math.ceil((sidePx - tilePx) / (tilePx - 2 * haloPx)) : 1;
}
