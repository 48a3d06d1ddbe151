/** The picture before the network: each quad of the sensor as 2x2 px of its own colour, under the same tone. */

import { EngineError } from "../errors.js";
import { roundHalfEven } from "../engine/quantization.js";
import { applyTone } from "./tone.js";

/** @import { InputContract } from "../contract.js" */
/** @import { Preparation } from "../preprocess/prepare.js" */
/** @import { Tone } from "./tone.js" */

/** Levels of the sRGB encoding in a table, so that a value costs a look-up. */
const STEPS = 4096;

/**
 * Three levels per pixel of the whole developed frame, row by row.
 *
 * @param {Preparation} planes
 * @param {InputContract} contract
 * @param {Tone} tone
 */
export function quadPicture(planes, contract, tone) {
  const { widthPx, heightPx, count } = planes;
  const matrix = contract.reference_to_srgb?.flat();
  if (!matrix) throw new EngineError("The model's contract has no reference colour; export the model again.");
  const [levels, offset] = [encodingTable(tone), contract.curve_offset];
  const rgb = new Uint8Array(12 * widthPx * heightPx);
  const rowPx = 2 * widthPx;
  const light = (/** @type {number} */ value) => value * value * (1 + offset) - offset;
  for (let top = 0; top < heightPx; top++) {
    const row = planes.planes({ left: 0, top, width: widthPx, height: 1 });
    for (let x = 0; x < widthPx; x++) {
      const at = count * x;
      const [r, g, b] = [light(row[at]), (light(row[at + 1]) + light(row[at + 2])) / 2, light(row[at + 3])];
      for (let color = 0; color < 3; color++) {
        const value = matrix[3 * color] * r + matrix[3 * color + 1] * g + matrix[3 * color + 2] * b;
        const level = levels[Math.round(Math.min(Math.max(value, 0), 1) * STEPS)];
        const place = 3 * (2 * top * rowPx + 2 * x) + color;
        rgb[place] = rgb[place + 3] = rgb[place + 3 * rowPx] = rgb[place + 3 * rowPx + 3] = level;
      }
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
