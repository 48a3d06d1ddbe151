/** The picture before the network: each quad of the sensor as 2x2 px of its own colour, under the same tone. */

import { EngineError } from "../errors.js";
import { roundHalfEven } from "../engine/quantization.js";
import { applyTone } from "./tone.js";

/** @import { InputContract } from "../contract.js" */
/** @import { PreparedPlanes } from "../preprocess/prepare.js" */
/** @import { Tone } from "./tone.js" */

/** Steps of linear light, so that a value's level costs a look-up. */
const STEPS = 4095;

/**
 * The sensor's light in linear sRGB: three values of 0 to STEPS per quad, row by row.
 *
 * @param {PreparedPlanes} planes
 * @param {InputContract} contract
 */
export function quadLight({ values, count }, contract) {
  const matrix = contract.reference_to_srgb?.flat();
  if (!matrix) throw new EngineError("The model's contract has no reference colour; export the model again.");
  const offset = contract.curve_offset;
  const light = (/** @type {number} */ value) => value * value * (1 + offset) - offset;
  const rgb = new Uint16Array((3 * values.length) / count);
  for (let at = 0, place = 0; at < values.length; at += count, place += 3) {
    const [r, g, b] = [light(values[at]), (light(values[at + 1]) + light(values[at + 2])) / 2, light(values[at + 3])];
    for (let color = 0; color < 3; color++) {
      const value = matrix[3 * color] * r + matrix[3 * color + 1] * g + matrix[3 * color + 2] * b;
      rgb[place + color] = Math.round(Math.min(Math.max(value, 0), 1) * STEPS);
    }
  }
  return rgb;
}

/**
 * Three levels per pixel of the whole developed frame, row by row.
 *
 * @param {Uint16Array} light as `quadLight` gives it
 * @param {number} widthPx quads in a row
 * @param {Tone} tone
 */
export function quadPicture(light, widthPx, tone) {
  const levels = encodingTable(tone);
  const rgb = new Uint8Array(4 * light.length);
  const row = 6 * widthPx;
  for (let quad = 0; 3 * quad < light.length; quad++) {
    const first = 2 * Math.floor(quad / widthPx) * row + 6 * (quad % widthPx);
    for (let color = 0; color < 3; color++) {
      const place = first + color;
      rgb[place] = rgb[place + 3] = rgb[place + row] = rgb[place + row + 3] = levels[light[3 * quad + color]];
    }
  }
  return rgb;
}

/** Linear light to 8-bit levels of sRGB (IEC 61966-2-1) under a tone. @param {Tone} tone */
function encodingTable(tone) {
  return Uint8Array.from({ length: STEPS + 1 }, (_, step) => {
    const light = step / STEPS;
    const encoded = light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055;
    return roundHalfEven(255 * Math.min(applyTone(encoded, "neutral", tone), 1));
  });
}
