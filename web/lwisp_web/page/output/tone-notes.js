/** What a tone costs a picture of an 8-bit model, for the user to read. */

import { realValues } from "../engine/quantization.js";
import { level8 } from "./picture.js";
import { toneTable } from "./tone.js";

/** @import { RenderedTone, TensorSpec } from "../contract.js" */
/** @import { Tone } from "./tone.js" */

/** The picture's darkest 8-bit codes, where missing ones show first, as steps. */
const DARK_CODES = 32;

/**
 * @param {TensorSpec} spec of the picture
 * @param {RenderedTone} rendered
 * @param {Tone} wanted
 */
export function toneNotes(spec, rendered, wanted) {
  if (spec.scale === null || rendered === wanted) return [];
  const codes = new Set(Array.from(toneTable(realValues(spec), rendered, wanted), level8));
  const kept = [...codes].filter((code) => code < DARK_CODES).length;
  if (kept === DARK_CODES) return [];
  return [
    `Tone ${wanted} from a model that renders ${rendered} in 8 bits: ${kept} of the ${DARK_CODES} darkest codes are left, ` +
      "so smooth shadows may show steps. Float has none.",
  ];
}
