/** A DNG's white balance and colour as shot. */

import { RawError } from "../errors.js";
import { CameraColor } from "./camera-color.js";
import { scaleGains } from "./matrix.js";

/** @import { LightCalibration } from "./camera-color.js" */
/** @import { WhitePoint } from "./color-temperature.js" */
/** @import { Directory } from "./tiff.js" */

const ANALOG_BALANCE = 50727;
const AS_SHOT_NEUTRAL = 50728;
const AS_SHOT_WHITE_XY = 50729;
const CAMERA_SIGNATURE = 50931;
const PROFILE_SIGNATURE = 50932;
/** Illuminant, ColorMatrix, CameraCalibration, ForwardMatrix of the first and the second light. */
const LIGHTS = [
  [50778, 50721, 50723, 50964],
  [50779, 50722, 50724, 50965],
];
/** Gains further apart than this belong to no light a camera meets. */
const MAX_GAIN_RATIO = 16;

/**
 * Gains of R, G, B, the smallest 1, and white-balanced camera RGB to linear sRGB; null if the file has no matrix.
 * Throws RawError if the white balance is missing or absurd, or the matrices can't be used.
 *
 * @param {Directory} main
 */
export function asShot(main) {
  const color = cameraColor(main);
  const white = whitePoint(main);
  if (white && !color) {
    throw new RawError("The DNG gives its white balance as a white point, but no colour matrix. Convert it.");
  }
  const gains = checkedGains(white && color ? color.gainsAt(white) : gainsOfNeutral(main));
  const needsModel = color && (color.dependsOnWhite || white !== null);
  return { gains, cameraToSrgb: color && (needsModel ? color.matrixFor(gains) : color.matrixOfOneLight()) };
}

/** One over what the camera sees of grey, in 32-bit floats as LibRaw stores them. @param {Directory} main */
function gainsOfNeutral(main) {
  return main.numbers(AS_SHOT_NEUTRAL).map((value) => Math.fround(1 / Math.fround(value)));
}

/** @param {number[]} gains */
function checkedGains(gains) {
  const isUsable = gains.length === 3 && gains.every((gain) => gain > 0 && Number.isFinite(gain));
  const [low, high] = [Math.min(...gains), Math.max(...gains)];
  if (!isUsable || high === low || high > MAX_GAIN_RATIO * low) {
    throw new RawError(
      `The DNG's as-shot white balance (${gains.join(", ") || "none"}) can't be used. Develop it with the lwisp ` +
        "command and --white-balance.",
    );
  }
  return scaleGains(gains);
}

/**
 * AsShotWhiteXY; null where AsShotNeutral says it, or nothing does.
 *
 * @param {Directory} main
 * @returns {WhitePoint | null}
 */
function whitePoint(main) {
  const values = main.has(AS_SHOT_NEUTRAL) ? [] : main.numbers(AS_SHOT_WHITE_XY);
  if (!values.length) return null;
  if (values.length !== 2 || !values.every((value) => value > 0 && value < 1)) {
    throw new RawError(`The DNG's AsShotWhiteXY is ${values}; x and y between 0 and 1 are needed. Convert the file.`);
  }
  return { x: values[0], y: values[1] };
}

/** Null if the file has no colour matrix. @param {Directory} main */
function cameraColor(main) {
  const isCalibrated = main.text(CAMERA_SIGNATURE) === main.text(PROFILE_SIGNATURE);
  /** @type {LightCalibration[]} */
  const lights = LIGHTS.flatMap(([illuminant, color, calibration, forward]) => {
    const xyzToCamera = matrix(main, color);
    if (!xyzToCamera) return [];
    return [
      {
        illuminant: main.integer(illuminant),
        xyzToCamera,
        calibration: isCalibrated ? matrix(main, calibration) : null,
        forward: matrix(main, forward),
      },
    ];
  });
  return lights.length ? new CameraColor(lights, analogBalance(main)) : null;
}

/** @param {Directory} main */
function analogBalance(main) {
  const balance = main.has(ANALOG_BALANCE) ? main.numbers(ANALOG_BALANCE) : [1, 1, 1];
  if (balance.length !== 3 || !(Math.min(...balance) > 0)) {
    throw new RawError(`The DNG's AnalogBalance is ${balance}; three numbers over 0 are needed. Convert the file.`);
  }
  return balance;
}

/** @param {Directory} main @param {number} tag */
function matrix(main, tag) {
  if (!main.has(tag)) return null;
  const values = main.numbers(tag);
  if (values.length !== 9) {
    throw new RawError(`The DNG's tag ${tag} has ${values.length} numbers: the sensor's colours aren't R, G and B.`);
  }
  return values;
}
