/** Filter orders of the 2x2 cell, and the frame aligned to RGGB. */

/**
 * Rows and columns to put before a mosaic so that it starts with RGGB, by its order.
 *
 * @type {Record<string, number[]>}
 */
export const CFA_OFFSETS_PX = { RGGB: [0, 0], GRBG: [0, 1], GBRG: [1, 0], BGGR: [1, 1] };

/**
 * For planes R, Gr, Gb, B: the index of each site in the mosaic's own cell, row by row.
 *
 * @param {string} cfa
 */
export function siteOrder(cfa) {
  const [rows, columns] = CFA_OFFSETS_PX[cfa];
  return [0, 1, 2, 3].map((plane) => (((plane >> 1) + rows) % 2) * 2 + (((plane & 1) + columns) % 2));
}

/**
 * For each row (or column) of the mosaic extended to start with RGGB and to a multiple: the index it is taken from.
 * Reflection about a border pixel keeps the filter colours in phase.
 *
 * @param {number} offsetPx
 * @param {number} sidePx
 * @param {number} multiplePx
 */
export function alignedIndices(offsetPx, sidePx, multiplePx) {
  const aligned = Math.ceil((sidePx + offsetPx) / multiplePx) * multiplePx;
  const period = 2 * (sidePx - 1);
  return Int32Array.from({ length: aligned }, (_, index) => {
    const place = (((index - offsetPx) % period) + period) % period;
    return place < sidePx ? place : period - place;
  });
}
