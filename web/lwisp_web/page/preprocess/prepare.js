/**
 * The pre-processing: a mosaic to the packed planes that a model takes, step by step as its contract says: bad pixels,
 * black, white balance, lens shading, clip above 1, colour, exposure, curve; then the noise plane.
 *
 * The same arithmetic in the same order as the Python runtime's `prepare`, in 32-bit floats, so that the planes are
 * equal bit for bit, and any part equals the whole's. Checked against tests/golden.
 */

import { UsageError } from "../errors.js";
import { CFA_OFFSETS_PX, alignedIndices } from "../raw/cfa.js";
import { toReference } from "../raw/matrix.js";
import { repairedMosaic } from "./bad-pixels.js";
import { SMOOTHING_REACH_PX, cutWindow, shiftOnQuads, shiftSmoothed } from "./color.js";
import { makeCurve } from "./curve.js";
import { autoExposureEv, expose, shoulder } from "./exposure.js";
import { balanceGains, planeLevels } from "./levels.js";
import { estimateNoise } from "./noise-estimate.js";
import { noiseOfQuads, noisePlane } from "./noise.js";
import { LensShading } from "./shading.js";

/** @import { InputContract } from "../contract.js" */
/** @import { RawFrame, Rectangle } from "../raw/frame.js" */
/** @import { NoisePlane } from "./noise.js" */

/**
 * What a user chooses for the pre-processing of one frame.
 *
 * @typedef {object} PrepareOptions
 * @property {number | "auto"} [exposureEv] stops added to those the file asks for; auto: from the frame's own light instead
 * @property {boolean} [lensShading] undo the lens's shading, where the file says how
 * @property {number} [denoise] factor on the noise that the network is told, 0 to 2
 */

export const MAX_EXPOSURE_EV = 8;
export const MAX_DENOISE = 2;
/** Packed pixels worked on at a time, so that what is between two steps takes little beside the planes. */
const STRIP_PX = 1 << 15;
const NO_NOISE = { scale: [0, 0, 0], offset: [0, 0, 0] };

const f32 = Math.fround;

/** One frame's planes, made where they are asked for. */
export class Preparation {
  /**
   * @param {RawFrame} frame
   * @param {InputContract} contract
   * @param {PrepareOptions} [options] Throws UsageError on values that no picture needs.
   */
  constructor(frame, contract, { exposureEv = 0, lensShading = true, denoise = 1 } = {}) {
    checkOptions(exposureEv, denoise);
    const knee = contract.exposure_knee;
    /** Stops applied: the user's and the file's, or what `auto` found. */
    this.exposureEv = exposureEv === "auto" ? autoExposureEv(frame, contract) : exposureEv + frame.baselineExposureEv;
    const exposureGain = knee === null ? 2 ** this.exposureEv : 1;
    const [topPx, leftPx] = CFA_OFFSETS_PX[frame.cfa];
    this.rows = alignedIndices(topPx, frame.heightPx, 2 * contract.size_multiple);
    this.columns = alignedIndices(leftPx, frame.widthPx, 2 * contract.size_multiple);
    /** Sides of the packed planes, multiples of the contract's. */
    this.heightPx = this.rows.length / 2;
    this.widthPx = this.columns.length / 2;
    /** Values per packed pixel. */
    this.count = contract.planes.length;
    this.mosaic = contract.bad_pixels ? repairedMosaic(frame) : frame.mosaic;
    this.mosaicWidthPx = frame.widthPx;
    this.levels = planeLevels(frame, contract, exposureGain);
    const isShaded = contract.lens_shading && lensShading && frame.gainMaps.length + frame.vignettes.length > 0;
    this.shading = isShaded ? new LensShading(frame, this.rows, this.columns) : null;
    const reference = contract.reference_to_srgb;
    this.matrix = reference === null ? null : toReference(frame.cameraToSrgb, reference.flat());
    this.smoothed = contract.color_shift === "smoothed";
    this.shoulder = knee === null || this.exposureEv === 0 ? null : shoulder(this.exposureEv, knee);
    this.curve = makeCurve(contract.curve_offset);
    this.noise = this.count > 4 ? this.#noisePlane(frame, contract, exposureGain, denoise) : null;
  }

  /**
   * The planes of a part in packed pixels: row by row, `count` values per pixel in [0, 1]: R, Gr, Gb, B, noise.
   *
   * @param {Rectangle} part
   */
  planes(part) {
    const planes = new Float32Array(this.count * part.width * part.height);
    const strip = Math.max(1, Math.floor(STRIP_PX / part.width));
    for (let top = 0; top < part.height; top += strip) {
      const height = Math.min(strip, part.height - top);
      const inner = { left: part.left, top: part.top + top, width: part.width, height };
      this.#fill(inner, planes.subarray(this.count * top * part.width));
    }
    return planes;
  }

  /** @param {Rectangle} inner @param {Float32Array} planes */
  #fill(inner, planes) {
    const outer = this.#widened(inner);
    const gain = this.shading?.over(outer) ?? null;
    const light = this.#light(outer, gain);
    const noise =
      this.noise && noisePlane(this.noise, cutWindow(light, outer, inner), gain && cutWindow(gain, outer, inner));
    const moved = this.#moved(light, outer, inner);
    const { count, curve, shoulder: bend } = this;
    for (let quad = 0; quad < inner.width * inner.height; quad++) {
      for (let plane = 0; plane < 4; plane++) {
        const value = moved[4 * quad + plane];
        planes[count * quad + plane] = curve(bend === null ? value : expose(value, bend));
      }
      if (noise) planes[count * quad + 4] = noise[quad];
    }
  }

  /** A window and what lies within reach of it, as far as the frame goes. @param {Rectangle} inner */
  #widened(inner) {
    const reach = this.matrix !== null && this.smoothed ? SMOOTHING_REACH_PX : 0;
    const [left, top] = [Math.max(inner.left - reach, 0), Math.max(inner.top - reach, 0)];
    return {
      left,
      top,
      width: Math.min(inner.left + inner.width + reach, this.widthPx) - left,
      height: Math.min(inner.top + inner.height + reach, this.heightPx) - top,
    };
  }

  /** Light of a part, four values per pixel, clipped at 1. @param {Rectangle} part @param {Float32Array | null} gain */
  #light(part, gain) {
    const light = new Float32Array(4 * part.width * part.height);
    const { black, gain: levels } = this.levels;
    for (let y = 0; y < 2 * part.height; y++) {
      const start = this.rows[2 * part.top + y] * this.mosaicWidthPx;
      const rowPlane = (y & 1) * 2;
      for (let x = 0; x < 2 * part.width; x++) {
        const plane = rowPlane + (x & 1);
        const at = 4 * ((y >> 1) * part.width + (x >> 1)) + plane;
        const sample = this.mosaic[start + this.columns[2 * part.left + x]];
        const value = f32(f32(sample - black[plane]) * levels[plane]);
        light[at] = Math.min(gain === null ? value : f32(value * gain[at]), 1);
      }
    }
    return light;
  }

  /** @param {Float32Array} light @param {Rectangle} outer @param {Rectangle} inner */
  #moved(light, outer, inner) {
    if (this.matrix === null) return light;
    if (this.smoothed) return shiftSmoothed(light, outer, inner, this.matrix);
    shiftOnQuads(light, this.matrix);
    return light;
  }

  /**
   * @param {RawFrame} frame
   * @param {InputContract} contract
   * @param {number} exposureGain
   * @param {number} denoise
   * @returns {NoisePlane}
   */
  #noisePlane(frame, contract, exposureGain, denoise) {
    const profile = frame.noiseProfile ?? estimateNoise(frame) ?? NO_NOISE;
    return {
      noise: noiseOfQuads(profile, balanceGains(frame, contract), exposureGain),
      exposure: this.shoulder,
      curve: this.curve,
      scale: f32(denoise / contract.noise_full_scale),
    };
  }
}

/** The planes of a whole frame, prepared once: parts overlap, and are asked for several times. */
export class PreparedPlanes {
  /** @param {Preparation} preparation */
  constructor(preparation) {
    this.widthPx = preparation.widthPx;
    this.heightPx = preparation.heightPx;
    this.count = preparation.count;
    this.values = preparation.planes({ left: 0, top: 0, width: this.widthPx, height: this.heightPx });
  }

  /** As `Preparation.planes`. @param {Rectangle} part */
  planes({ left, top, width, height }) {
    const planes = new Float32Array(this.count * width * height);
    for (let row = 0; row < height; row++) {
      const start = this.count * ((top + row) * this.widthPx + left);
      planes.set(this.values.subarray(start, start + this.count * width), row * this.count * width);
    }
    return planes;
  }
}

/** @param {number | "auto"} exposureEv @param {number} denoise */
function checkOptions(exposureEv, denoise) {
  if (exposureEv !== "auto" && !(Math.abs(exposureEv) <= MAX_EXPOSURE_EV)) {
    throw new UsageError(`Exposure ${exposureEv} EV is out of ±${MAX_EXPOSURE_EV} EV; give a value within it.`);
  }
  if (!(denoise >= 0 && denoise <= MAX_DENOISE)) {
    throw new UsageError(`Denoising ${denoise} is out of 0 to ${MAX_DENOISE}; 1 is the frame's own noise.`);
  }
}
