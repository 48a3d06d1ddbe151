/**
 * Distortion: what a file says of its lens's (DNG opcode 1, WarpRectilinear), undone on the developed mosaic as the
 * Python runtime does: interpolated bilinearly; beyond the border, its nearest pixel.
 */

import { roundHalfEven } from "../engine/quantization.js";

/** @import { WarpRectilinear } from "../raw/frame.js" */

const IDENTITY = "1,0,0,0,0,0";
const f32 = Math.fround;

/** Those corrections that move any pixel. @param {WarpRectilinear[]} warps */
export function movingWarps(warps) {
  return warps.filter((warp) => warp.coefficients.some((row) => row.join() !== IDENTITY));
}

/**
 * @param {Uint8Array} rgb three levels per pixel, row by row
 * @param {number} width
 * @param {WarpRectilinear} warp
 * @returns {Uint8Array<ArrayBuffer>} of the same size
 */
export function undistort(rgb, width, warp) {
  const height = rgb.length / 3 / width;
  const moved = new Uint8Array(rgb.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      warp.coefficients.forEach((row, color) => {
        const [sourceY, sourceX] = source(row, warp, width, height, y, x);
        const at = 3 * (y * width + x);
        // One row of coefficients is for all three colours.
        const colors = warp.coefficients.length === 1 ? [0, 1, 2] : [color];
        for (const each of colors) moved[at + each] = interpolate(rgb, width, height, sourceY, sourceX, each);
      });
    }
  }
  return moved;
}

/**
 * Row and column that a pixel is taken from.
 *
 * @param {number[]} row
 * @param {WarpRectilinear} warp
 * @param {number} width
 * @param {number} height
 * @param {number} y
 * @param {number} x
 */
function source([kr0, kr1, kr2, kr3, kt0, kt1], warp, width, height, y, x) {
  const [centerY, centerX] = [warp.centerY * height - 0.5, warp.centerX * width - 0.5];
  const farthest = Math.hypot(
    Math.max(centerY + 0.5, height - centerY - 0.5),
    Math.max(centerX + 0.5, width - centerX - 0.5),
  );
  const [dy, dx] = [(y - centerY) / farthest, (x - centerX) / farthest];
  const square = Math.min(dy * dy + dx * dx, 1);
  const radial = kr0 + square * (kr1 + square * (kr2 + square * kr3));
  const movedY = dy * radial + kt1 * 2 * dx * dy + kt0 * (square + 2 * dy * dy);
  const movedX = dx * radial + kt0 * 2 * dx * dy + kt1 * (square + 2 * dx * dx);
  return [centerY + farthest * movedY, centerX + farthest * movedX];
}

/**
 * @param {Uint8Array} rgb
 * @param {number} width
 * @param {number} height
 * @param {number} atY
 * @param {number} atX
 * @param {number} color
 */
function interpolate(rgb, width, height, atY, atX, color) {
  const [y, x] = [Math.min(Math.max(atY, 0), height - 1), Math.min(Math.max(atX, 0), width - 1)];
  const [top, left] = [Math.min(Math.floor(y), height - 2), Math.min(Math.floor(x), width - 2)];
  const [down, right] = [f32(y - top), f32(x - left)];
  const at = 3 * (top * width + left) + color;
  const above = f32(f32(rgb[at] * f32(1 - right)) + f32(rgb[at + 3] * right));
  const below = f32(f32(rgb[at + 3 * width] * f32(1 - right)) + f32(rgb[at + 3 * width + 3] * right));
  return roundHalfEven(f32(f32(above * f32(1 - down)) + f32(below * down)));
}
