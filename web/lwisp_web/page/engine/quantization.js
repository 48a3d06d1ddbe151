/** Between real values and a tensor's quantized ones: q = round(v / scale) + zero_point. */

/** @import { TensorSpec } from "../contract.js" */

const f32 = Math.fround;

/**
 * Round to the nearest whole number, halves to even.
 *
 * @param {number} value
 */
export function roundHalfEven(value) {
  const down = Math.floor(value);
  const rest = value - down;
  if (rest !== 0.5) return rest < 0.5 ? down : down + 1;
  return down % 2 === 0 ? down : down + 1;
}

/**
 * Real values to a tensor's type, clipped; unchanged for float.
 *
 * @param {Float32Array} values
 * @param {TensorSpec} spec
 * @returns {Float32Array | Int8Array}
 */
export function quantize(values, { scale, zero_point: zero }) {
  if (scale === null || zero === null) return values;
  const gain = f32(1 / scale);
  const quantized = new Int8Array(values.length);
  for (let at = 0; at < values.length; at++) {
    quantized[at] = Math.min(Math.max(roundHalfEven(f32(values[at] * gain)) + zero, -128), 127);
  }
  return quantized;
}

/**
 * The real value of each int8 code, from -128 on: (q - zero point) * scale. (256,)
 *
 * @param {TensorSpec} spec
 */
export function realValues({ scale, zero_point: zero }) {
  const step = f32(/** @type {number} */ (scale));
  return Float32Array.from({ length: 256 }, (_, code) => f32(f32(code - 128 - /** @type {number} */ (zero)) * step));
}
