/**
 * A camera's colour by the white point (DNG specification 1.7.1, chapter 6): matrices measured under one or two lights,
 * interpolated linearly in the reciprocal of the white point's colour temperature.
 */

import { RawError } from "../errors.js";
import { temperatureOfWhite } from "./color-temperature.js";
import { SRGB_TO_XYZ, apply, cameraToSrgb, diagonal, inverse, multiply, scaleGains, unitRows } from "./matrix.js";

/** @import { WhitePoint } from "./color-temperature.js" */

/**
 * Colour under one light. Matrices are row by row.
 *
 * @typedef {object} LightCalibration
 * @property {number | null} illuminant EXIF's number of the light
 * @property {number[]} xyzToCamera CIE XYZ to the reference camera of this model
 * @property {number[] | null} calibration from that camera to this one; null: they are alike
 * @property {number[] | null} forward the reference camera's white-balanced RGB to XYZ under D50
 */

/** @typedef {{xyzToCamera: number[], calibration: number[], forward: number[] | null}} Interpolated */

/** Colour temperatures of EXIF's light sources; the fluorescents' middles. @type {Record<number, number>} */
const KELVIN = {
  1: 5500,
  2: 4150,
  3: 2850,
  4: 5500,
  9: 5500,
  10: 6500,
  11: 7500,
  12: 6400,
  13: 5050,
  14: 4150,
  15: 3525,
  16: 2925,
  17: 2850,
  18: 5500,
  19: 6500,
  20: 5500,
  21: 6500,
  22: 7500,
  23: 5000,
  24: 3200,
};
const IDENTITY = diagonal([1, 1, 1]);
/** Linearised Bradford. */
const BRADFORD = [0.8951, 0.2664, -0.1614, -0.7502, 1.7135, 0.0367, 0.0389, -0.0685, 1.0296];
const D50 = { x: 0.3457, y: 0.3585 };
/** That of SRGB_TO_XYZ. */
const D65 = { x: 0.312727, y: 0.329023 };
const PASSES = 30;
const CONVERGED = 1e-7;

export class CameraColor {
  /**
   * @param {LightCalibration[]} lights one or two
   * @param {number[]} analogBalance gains of R, G, B before conversion
   */
  constructor(lights, analogBalance) {
    this.lights = lights;
    this.analogBalance = analogBalance;
  }

  /** Whether the white point decides on the matrix. */
  get dependsOnWhite() {
    return this.lights.length > 1 || this.lights.some((light) => light.forward !== null);
  }

  /** Camera to linear sRGB where one light is known. In 32 bits, as LibRaw stores it, to equal it bit for bit. */
  matrixOfOneLight() {
    const { xyzToCamera, calibration } = this.lights[0];
    return unitRows(cameraToSrgb(calibration ? multiply(calibration, xyzToCamera) : xyzToCamera).map(Math.fround));
  }

  /** Gains for a white point. Throws RawError if the camera can't see it. @param {WhitePoint} white */
  gainsAt(white) {
    const neutral = apply(this.#toCamera(this.#at(white)), xyzOf(white));
    if (!neutral.every((value) => value > 0 && Number.isFinite(value))) {
      throw new RawError(`The colour matrices can't see the white point (${white.x}, ${white.y}). Convert the file.`);
    }
    return scaleGains(neutral.map((value) => 1 / value));
  }

  /** White-balanced camera RGB to linear sRGB, rows summing to 1. @param {number[]} gains that balance white */
  matrixFor(gains) {
    const neutral = gains.map((gain) => 1 / gain);
    const white = this.#whiteOf(neutral);
    const toD50 = this.#toD50(this.#at(white), neutral, white);
    return unitRows(multiply(multiply(inverse(SRGB_TO_XYZ), adaptation(D50, D65)), toD50));
  }

  /** @param {Interpolated} at @param {number[]} neutral @param {WhitePoint} white */
  #toD50(at, neutral, white) {
    if (at.forward === null) {
      return multiply(multiply(adaptation(white, D50), inverse(this.#toCamera(at))), diagonal(neutral));
    }
    const toReference = multiply(inverse(multiply(diagonal(this.analogBalance), at.calibration)), diagonal(neutral));
    const balance = apply(toReference, [1, 1, 1]).map((sum) => 1 / sum);
    return multiply(multiply(at.forward, diagonal(balance)), toReference);
  }

  /**
   * The white point of a neutral camera colour: its own matrices depend on it, so it's found in rounds.
   *
   * @param {number[]} neutral
   */
  #whiteOf(neutral) {
    let white = D50;
    for (let pass = 0; pass < PASSES; pass++) {
      const found = chromaticity(apply(inverse(this.#toCamera(this.#at(white))), neutral));
      if (Math.abs(found.x - white.x) + Math.abs(found.y - white.y) < CONVERGED) return found;
      // Two values that alternate: the specification's reference takes their middle.
      white = pass < PASSES - 1 ? found : { x: (found.x + white.x) / 2, y: (found.y + white.y) / 2 };
    }
    return white;
  }

  /** @param {Interpolated} at */
  #toCamera(at) {
    return multiply(multiply(diagonal(this.analogBalance), at.calibration), at.xyzToCamera);
  }

  /** @param {WhitePoint} white @returns {Interpolated} */
  #at(white) {
    const known = this.lights.filter((light) => kelvin(light) > 0).sort((a, b) => kelvin(b) - kelvin(a));
    const [cold, warm] = [known[0], known[known.length - 1]];
    if (known.length < 2 || kelvin(cold) === kelvin(warm)) return mixed(1, this.lights[0], this.lights[0]);
    const share = (1 / temperatureOfWhite(white) - 1 / kelvin(cold)) / (1 / kelvin(warm) - 1 / kelvin(cold));
    return mixed(Math.min(Math.max(share, 0), 1), warm, cold);
  }
}

/** The light's colour temperature; 0 if unknown. @param {LightCalibration} light */
function kelvin(light) {
  return KELVIN[light.illuminant ?? 0] ?? 0;
}

/**
 * @param {number} share of the warmer light's matrices
 * @param {LightCalibration} warm
 * @param {LightCalibration} cold
 */
function mixed(share, warm, cold) {
  if (warm === cold) {
    return { xyzToCamera: warm.xyzToCamera, calibration: warm.calibration ?? IDENTITY, forward: warm.forward };
  }
  /** @param {number[]} a @param {number[]} b */
  const mix = (a, b) => a.map((value, index) => share * value + (1 - share) * b[index]);
  const forward = warm.forward && cold.forward ? mix(warm.forward, cold.forward) : null;
  return {
    xyzToCamera: mix(warm.xyzToCamera, cold.xyzToCamera),
    calibration: mix(warm.calibration ?? IDENTITY, cold.calibration ?? IDENTITY),
    forward: forward ?? warm.forward ?? cold.forward,
  };
}

/** @param {WhitePoint} white */
function xyzOf(white) {
  return [white.x / white.y, 1, (1 - white.x - white.y) / white.y];
}

/** @param {number[]} xyz */
function chromaticity([x, y, z]) {
  const total = x + y + z;
  const white = total === 0 ? { x: 0, y: 0 } : { x: x / total, y: y / total };
  if (!(white.x > 0 && white.x < 1 && white.y > 0 && white.y < 1)) {
    throw new RawError(
      `By the colour matrices, the white balance stands for the white point (${white.x}, ${white.y}), which no light ` +
        "has. Convert the file with Adobe DNG Converter.",
    );
  }
  return white;
}

/**
 * XYZ under one white to XYZ under another; scales within 0.1 to 10.
 *
 * @param {WhitePoint} source
 * @param {WhitePoint} target
 */
function adaptation(source, target) {
  const [from, to] = [apply(BRADFORD, xyzOf(source)), apply(BRADFORD, xyzOf(target))];
  const scale = to.map((value, index) => Math.min(Math.max(value / Math.max(from[index], 1e-9), 0.1), 10));
  return multiply(multiply(inverse(BRADFORD), diagonal(scale)), BRADFORD);
}
