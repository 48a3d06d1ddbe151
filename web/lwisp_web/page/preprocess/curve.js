/** The curve that 8 bits can hold light under: sqrt((x + offset) / (1 + offset)), x clipped to [-offset, 1]. */

const f32 = Math.fround;

/**
 * The curve as a function of one 32-bit value.
 *
 * @param {number} offset
 */
export function makeCurve(offset) {
  const [lowest, shift, gain] = [f32(-offset), f32(offset), f32(1 / (1 + offset))];
  return (/** @type {number} */ light) => f32(Math.sqrt(f32(f32(Math.min(Math.max(light, lowest), 1) + shift) * gain)));
}
