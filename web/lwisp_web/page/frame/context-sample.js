/**
 * The context sample: what a frame's image-wide tensors are taken from: a grid of crops at full resolution, put
 * together to one small frame. A reduced frame wouldn't do: it has less noise than the frame, and the gates follow the
 * noise.
 */

import { UsageError } from "../errors.js";

/** @import { ContextContract } from "../contract.js" */
/** @import { PreparedPlanes } from "../preprocess/prepare.js" */

/**
 * Where the crops lie along a side: [start, stop] in packed px; a side that isn't longer than the grid is taken as it
 * is.
 *
 * @param {number} sidePx
 * @param {ContextContract} context
 * @param {number} multiplePx
 */
export function cropSpans(sidePx, { grid, crop_px: cropPx }, multiplePx) {
  if (sidePx < multiplePx) throw new UsageError(`A side of ${sidePx} packed px is under ${multiplePx}.`);
  if (sidePx <= grid * cropPx) return [[0, sidePx - (sidePx % multiplePx)]];
  const [last, gaps] = [sidePx - cropPx, grid - 1];
  // Whole numbers only, halves up: every language gives the same places.
  return Array.from({ length: grid }, (_, index) => {
    const start = Math.floor((2 * index * last + gaps) / (2 * gaps));
    return [start, start + cropPx];
  });
}

/**
 * Cut the grid of crops out of a frame.
 *
 * @param {PreparedPlanes} frame
 * @param {ContextContract} context
 * @param {number} multiplePx
 */
export function contextSample(frame, context, multiplePx) {
  const rows = cropSpans(frame.heightPx, context, multiplePx);
  const columns = cropSpans(frame.widthPx, context, multiplePx);
  const [height, width] = [rows, columns].map((spans) => spans.reduce((sum, [start, stop]) => sum + stop - start, 0));
  const planes = new Float32Array(frame.count * width * height);
  let top = 0;
  for (const [rowStart, rowStop] of rows) {
    let left = 0;
    for (const [start, stop] of columns) {
      const crop = { left: start, top: rowStart, width: stop - start, height: rowStop - rowStart };
      const values = frame.planes(crop);
      const rowValues = frame.count * crop.width;
      for (let row = 0; row < crop.height; row++) {
        const part = values.subarray(row * rowValues, (row + 1) * rowValues);
        planes.set(part, frame.count * ((top + row) * width + left));
      }
      left += crop.width;
    }
    top += rowStop - rowStart;
  }
  return { width, height, planes };
}
