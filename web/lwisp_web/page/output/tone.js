/**
 * Tone: named curves over a neutral picture, which is sRGB-encoded light, applied after the network. Each works on a
 * value by itself, in additions, multiplications, divisions and square roots alone: the Python runtime's, bit for bit.
 */

/** @import { RenderedTone } from "../contract.js" */

/** @typedef {"neutral" | "standard" | "contrast"} Tone */
/** Rounds to the precision of a picture's values. @typedef {(value: number) => number} Round */

/** After so many of Newton's steps, `contrast` gives its argument back within 2e-7 in 32 bits and 2e-14 in 64. */
const NEWTON_STEPS = 4;
const DARKEST = 1e-6;

const in64 = (/** @type {number} */ value) => value;

/** @type {Record<Tone, (neutral: number, r: Round) => number>} */
const CURVES = {
  neutral: (neutral) => neutral,
  standard(neutral, r) {
    const product = r(neutral * r(1 - neutral));
    return r(neutral + r(product * r(r(r(1.2) * product) - r(0.1))));
  },
  contrast: (neutral, r) => r(r(neutral * neutral) * r(3 - r(2 * neutral))),
};

/**
 * Undo `contrast` for a value in [0, 1]: Newton's method on y^2 (3 - 2 y) = x from y = sqrt(x / 3). The curve is its
 * own mirror image about the middle, so only its darker half is solved for.
 *
 * @param {number} rendered
 * @param {Round} r
 */
export function inverseContrast(rendered, r) {
  const dark = Math.min(rendered, r(1 - rendered));
  let root = Math.max(r(Math.sqrt(r(dark / 3))), r(DARKEST));
  for (let step = 0; step < NEWTON_STEPS; step++) {
    const over = r(r(r(root * root) * r(3 - r(2 * root))) - dark);
    root = r(root - r(over / r(r(6 * root) * r(1 - root))));
  }
  return rendered > dark ? r(1 - root) : root;
}

/**
 * The tone of a float picture's value in [0, 1], in 32 bits.
 *
 * @param {number} value
 * @param {RenderedTone} rendered the tone that the picture has already
 * @param {Tone} wanted
 */
export function applyTone(value, rendered, wanted) {
  if (rendered === wanted) return value;
  return CURVES[wanted](rendered === "contrast" ? inverseContrast(value, Math.fround) : value, Math.fround);
}

/**
 * The table of an 8-bit model: what each code's value becomes. Where a curve is undone, the largest value counts as
 * white. Computed in 64 bits and rounded once; values outside [0, 1] are clipped.
 *
 * @param {Float32Array} values (256,), in the codes' order
 * @param {RenderedTone} rendered
 * @param {Tone} wanted
 */
export function toneTable(values, rendered, wanted) {
  if (rendered === wanted) return values;
  const clipped = Array.from(values, (value) => Math.min(Math.max(value, 0), 1));
  const white = Math.max(...clipped);
  return Float32Array.from(clipped, (value) =>
    CURVES[wanted](rendered === "contrast" ? inverseContrast(value / white, in64) : value, in64),
  );
}
