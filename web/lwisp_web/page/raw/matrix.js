/** 3x3 matrices, row by row, in 64 bits. */

import { RawError } from "../errors.js";

/** Linear sRGB (D65) to CIE XYZ, IEC 61966-2-1. */
export const SRGB_TO_XYZ = [
  0.4124564, 0.3575761, 0.1804375, 0.2126729, 0.7151522, 0.072175, 0.0193339, 0.119192, 0.9503041,
];
const SMALLEST_SUM = 1e-3;
const SMALLEST_PIVOT = 1e-9;

/** @param {number[]} values */
export function diagonal(values) {
  return [values[0], 0, 0, 0, values[1], 0, 0, 0, values[2]];
}

/** @param {number[]} left @param {number[]} right */
export function multiply(left, right) {
  return left.map((_, at) => {
    const row = at - (at % 3);
    const column = at % 3;
    return left[row] * right[column] + left[row + 1] * right[3 + column] + left[row + 2] * right[6 + column];
  });
}

/** A matrix times a vector. @param {number[]} m @param {number[]} v */
export function apply(m, v) {
  return [0, 3, 6].map((row) => m[row] * v[0] + m[row + 1] * v[1] + m[row + 2] * v[2]);
}

/** @param {number[]} matrix */
export function inverse(matrix) {
  return solve(matrix, diagonal([1, 1, 1]));
}

/**
 * Solve left · x = right by elimination with partial pivoting. Throws RawError if left is singular.
 *
 * @param {number[]} left
 * @param {number[]} right
 */
export function solve(left, right) {
  const rows = [0, 3, 6].map((start) => [...left.slice(start, start + 3), ...right.slice(start, start + 3)]);
  for (let column = 0; column < 3; column++) {
    let pivot = column;
    for (let row = column + 1; row < 3; row++) {
      if (Math.abs(rows[row][column]) > Math.abs(rows[pivot][column])) pivot = row;
    }
    [rows[column], rows[pivot]] = [rows[pivot], rows[column]];
    if (!(Math.abs(rows[column][column]) >= SMALLEST_PIVOT)) {
      throw new RawError("The camera's colour matrix is singular. Convert the file with Adobe DNG Converter.");
    }
    for (let row = column + 1; row < 3; row++) {
      const factor = rows[row][column] / rows[column][column];
      rows[row] = rows[row].map((value, index) => value - factor * rows[column][index]);
    }
  }
  return backSubstitute(rows);
}

/** @param {number[][]} rows */
function backSubstitute(rows) {
  const solution = new Array(9).fill(0);
  for (let row = 2; row >= 0; row--) {
    for (let column = 0; column < 3; column++) {
      let value = rows[row][3 + column];
      for (let known = row + 1; known < 3; known++) value -= rows[row][known] * solution[3 * known + column];
      solution[3 * row + column] = value / rows[row][row];
    }
  }
  return solution;
}

/**
 * Scale each row to sum to 1, so that white stays white. Throws RawError if a sum is near 0.
 *
 * @param {number[]} matrix
 */
export function unitRows(matrix) {
  const sums = [0, 3, 6].map((row) => matrix[row] + matrix[row + 1] + matrix[row + 2]);
  if (!sums.every((sum) => Math.abs(sum) >= SMALLEST_SUM && Number.isFinite(sum))) {
    throw new RawError(`The colour matrix has rows summing to ${sums.join(", ")}; white can't be kept.`);
  }
  return matrix.map((value, at) => value / sums[Math.floor(at / 3)]);
}

/**
 * White-balanced camera RGB to linear sRGB, from a DNG's XYZ-to-camera matrix.
 *
 * @param {number[]} xyzToCamera
 */
export function cameraToSrgb(xyzToCamera) {
  return inverse(unitRows(multiply(xyzToCamera, SRGB_TO_XYZ)));
}

/** Scale gains so that the smallest is 1. @param {number[]} gains */
export function scaleGains(gains) {
  const low = Math.min(...gains);
  return gains.map((gain) => gain / low);
}

/**
 * The matrix from a camera's white-balanced RGB to the reference camera's, rounded to 32 bits; the identity for a
 * camera without one. Both arguments go to linear sRGB.
 *
 * @param {number[] | null} camera
 * @param {number[]} reference
 */
export function toReference(camera, reference) {
  if (camera === null) return Float32Array.from(diagonal([1, 1, 1]));
  return Float32Array.from(solve(unitRows(reference), unitRows(camera)));
}
