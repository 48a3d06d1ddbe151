/** Finished pictures: rounded to 8 bits, cut out of the developed mosaic, turned upright. */

import { realValues, roundHalfEven } from "../engine/quantization.js";
import { EngineError } from "../errors.js";
import { applyTone, toneTable } from "./tone.js";

/** @import { RenderedTone, TensorSpec } from "../contract.js" */
/** @import { Rectangle } from "../raw/frame.js" */
/** @import { Tone } from "./tone.js" */

/**
 * An upright sRGB picture, four bytes per pixel, the last 255.
 *
 * @typedef {{widthPx: number, heightPx: number, rgba: Uint8ClampedArray<ArrayBuffer>}} Picture
 */

/**
 * Round [0, 1] to 8 bits, halves to even. Throws EngineError on NaN or infinity.
 *
 * @param {number} value
 */
export function level8(value) {
  if (!Number.isFinite(value)) throw new EngineError("The model returned NaN or infinity. Choose INT8, or the CPU.");
  return Math.min(Math.max(roundHalfEven(Math.fround(value * 255)), 0), 255);
}

/**
 * What each value of a model's picture becomes.
 *
 * @param {TensorSpec} spec of the picture
 * @param {RenderedTone} rendered
 * @param {Tone} wanted
 * @returns {(value: number) => number}
 */
export function levelsOf(spec, rendered, wanted) {
  if (spec.scale === null) {
    return (value) => level8(applyTone(Math.min(Math.max(value, 0), 1), rendered, wanted));
  }
  const table = Uint8Array.from(toneTable(realValues(spec), rendered, wanted), level8);
  return (code) => table[code + 128];
}

/**
 * How an EXIF orientation reads a stored rectangle upright: pixel (x, y) is at start + x * stepX + y * stepY of it.
 *
 * @param {number} orientation 1 to 8
 * @param {number} width of the stored rectangle
 * @param {number} height
 * @param {number} rowStep of what it is a part of
 */
export function turn(orientation, width, height, rowStep) {
  const swapped = orientation >= 5;
  const rowsFlipped = [3, 4, 6, 7].includes(orientation);
  const columnsFlipped = [2, 3, 7, 8].includes(orientation);
  const [down, across] = [rowsFlipped ? -rowStep : rowStep, columnsFlipped ? -1 : 1];
  return {
    width: swapped ? height : width,
    height: swapped ? width : height,
    start: (rowsFlipped ? (height - 1) * rowStep : 0) + (columnsFlipped ? width - 1 : 0),
    stepX: swapped ? down : across,
    stepY: swapped ? across : down,
  };
}

/**
 * A part's levels, three per pixel, row by row.
 *
 * @param {ArrayLike<number>} values of the whole developed frame
 * @param {number} rowPx pixels of its rows
 * @param {Rectangle} part
 * @param {(value: number) => number} toLevel a value's 8-bit level
 */
export function cutLevels(values, rowPx, part, toLevel) {
  const levels = new Uint8Array(3 * part.width * part.height);
  for (let y = 0, at = 0; y < part.height; y++) {
    const start = 3 * ((part.top + y) * rowPx + part.left);
    for (let x = 0; x < 3 * part.width; x++) levels[at++] = toLevel(values[start + x]);
  }
  return levels;
}

/**
 * The upright picture from three values per stored pixel.
 *
 * @param {ArrayLike<number>} values of the whole developed frame, row by row
 * @param {number} rowPx pixels of its rows
 * @param {Rectangle} visible the picture's own part of it
 * @param {number} orientation
 * @param {(value: number) => number} toLevel a value's 8-bit level
 * @returns {Picture}
 */
export function render(values, rowPx, visible, orientation, toLevel) {
  const { width, height, start, stepX, stepY } = turn(orientation, visible.width, visible.height, rowPx);
  const rgba = new Uint8ClampedArray(4 * width * height).fill(255);
  const first = start + visible.top * rowPx + visible.left;
  for (let y = 0, at = 0; y < height; y++) {
    let place = 3 * (first + y * stepY);
    for (let x = 0; x < width; x++, at += 4, place += 3 * stepX) {
      rgba[at] = toLevel(values[place]);
      rgba[at + 1] = toLevel(values[place + 1]);
      rgba[at + 2] = toLevel(values[place + 2]);
    }
  }
  return { widthPx: width, heightPx: height, rgba };
}
