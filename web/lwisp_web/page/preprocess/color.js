/**
 * Colour: a camera's white-balanced light moved to the reference camera. Light is row by row, four values per packed
 * pixel. Rows of the matrix M sum to 1, so the move is a function of colour differences alone:
 * M (R, G, B) = (R, G, B) + (M - I) (R - G, 0, B - G).
 */

/** @import { Rectangle } from "../raw/frame.js" */

/** Packed pixels around a quad that its smoothed colour differences depend on. */
export const SMOOTHING_REACH_PX = 2;

const f32 = Math.fround;

/**
 * Move light by each quad's own colour, in place: R and B are replaced, both greens get one shift.
 *
 * @param {Float32Array} light
 * @param {Float32Array} m 3x3
 */
export function shiftOnQuads(light, m) {
  const greenGain = f32(m[4] - 1);
  /** @param {number} a @param {number} b @param {number} c @param {number[]} rgb */
  const weighted = (a, b, c, rgb) => f32(f32(f32(a * rgb[0]) + f32(b * rgb[1])) + f32(c * rgb[2]));
  for (let at = 0; at < light.length; at += 4) {
    const rgb = [light[at], f32(f32(light[at + 1] + light[at + 2]) * 0.5), light[at + 3]];
    const shift = weighted(m[3], greenGain, m[5], rgb);
    light[at] = weighted(m[0], m[1], m[2], rgb);
    light[at + 1] += shift;
    light[at + 2] += shift;
    light[at + 3] = weighted(m[6], m[7], m[8], rgb);
  }
}

/**
 * Move a window's light by differences smoothed over 5x5 quads; the frame's edge repeats.
 *
 * @param {Float32Array} light of the outer window: the inner one and what lies within reach of it
 * @param {Rectangle} outer
 * @param {Rectangle} inner
 * @param {Float32Array} m 3x3
 * @returns {Float32Array} light of the inner window, new
 */
export function shiftSmoothed(light, outer, inner, m) {
  const width = inner.width + 2 * SMOOTHING_REACH_PX;
  const { red, blue } = colorDifferences(light, outer, inner);
  smooth(red, width);
  smooth(blue, width);
  const moved = cutWindow(light, outer, inner);
  const [redGain, blueGain] = [f32(m[0] - 1), f32(m[8] - 1)];
  let quad = 0;
  for (let y = 0; y < inner.height; y++) {
    for (let x = 0; x < inner.width; x++, quad += 4) {
      const [r, b] = [f32(red[y * width + x] / 256), f32(blue[y * width + x] / 256)];
      const green = f32(f32(r * m[3]) + f32(b * m[5]));
      moved[quad] += f32(f32(r * redGain) + f32(b * m[2]));
      moved[quad + 1] += green;
      moved[quad + 2] += green;
      moved[quad + 3] += f32(f32(r * m[6]) + f32(b * blueGain));
    }
  }
  return moved;
}

/**
 * What an inner window has of an outer one, four values per pixel.
 *
 * @param {Float32Array} values
 * @param {Rectangle} outer
 * @param {Rectangle} inner
 */
export function cutWindow(values, outer, inner) {
  const part = new Float32Array(4 * inner.width * inner.height);
  for (let row = 0; row < inner.height; row++) {
    const start = 4 * ((inner.top - outer.top + row) * outer.width + inner.left - outer.left);
    part.set(values.subarray(start, start + 4 * inner.width), 4 * row * inner.width);
  }
  return part;
}

/**
 * R - G and B - G of the quads within reach of a window, G the mean of its two sites.
 *
 * @param {Float32Array} light
 * @param {Rectangle} outer
 * @param {Rectangle} inner
 */
function colorDifferences(light, outer, inner) {
  const reach = SMOOTHING_REACH_PX;
  const [width, height] = [inner.width + 2 * reach, inner.height + 2 * reach];
  const [red, blue] = [new Float32Array(width * height), new Float32Array(width * height)];
  for (let y = 0, at = 0; y < height; y++) {
    const row = Math.min(Math.max(inner.top - reach + y - outer.top, 0), outer.height - 1);
    for (let x = 0; x < width; x++, at++) {
      const column = Math.min(Math.max(inner.left - reach + x - outer.left, 0), outer.width - 1);
      const quad = 4 * (row * outer.width + column);
      const green = f32(f32(light[quad + 1] + light[quad + 2]) * 0.5);
      red[at] = light[quad] - green;
      blue[at] = light[quad + 3] - green;
    }
  }
  return { red, blue };
}

/**
 * Smooth by the binomial kernel 1-4-6-4-1 along both sides, in place and times 256: sums of neighbours, four times
 * down, four across. Only the window's own quads are right then; they begin at the array's first.
 *
 * @param {Float32Array} values
 * @param {number} width
 */
function smooth(values, width) {
  for (const step of [width, 1]) {
    for (let pass = 0; pass < 2 * SMOOTHING_REACH_PX; pass++) {
      const last = values.length - step;
      for (let at = 0; at < last; at++) values[at] += values[at + step];
    }
  }
}
