/** Noise: the plane that tells it to a network. */

import { expose } from "./exposure.js";
import { PLANE_COLORS } from "./levels.js";

/** @import { NoiseProfile } from "../raw/frame.js" */
/** @import { Shoulder } from "./exposure.js" */

const f32 = Math.fround;

/**
 * A site's variance at light x under a shading gain g is (shot x + read g) g.
 *
 * @typedef {{shot: number, read: number}} QuadNoise
 */

/**
 * The mean variance over a quad's sites after white balance, in terms of the quad's mean light. Computed in 64 bits,
 * rounded once.
 *
 * @param {NoiseProfile} profile
 * @param {number[]} gains white balance of R, Gr, Gb, B
 * @param {number} [exposureGain] what is in their light besides
 * @returns {QuadNoise}
 */
export function noiseOfQuads(profile, gains, exposureGain = 1) {
  let [shot, read] = [0, 0];
  gains.forEach((gain, plane) => {
    shot += gain * profile.scale[PLANE_COLORS[plane]];
    read += gain * gain * profile.offset[PLANE_COLORS[plane]];
  });
  return { shot: f32((shot / 4) * exposureGain), read: f32((read / 4) * exposureGain * exposureGain) };
}

/**
 * How one frame's noise is told to a network.
 *
 * @typedef {object} NoisePlane
 * @property {QuadNoise} noise
 * @property {Shoulder | null} exposure
 * @property {(light: number) => number} curve
 * @property {number} scale times this, the standard deviation under the curve is the plane's value; a 32-bit value
 */

/**
 * The plane over a window, one value in [0, 1] per pixel: half the way from light - sigma to light + sigma under
 * exposure and curve.
 *
 * @param {NoisePlane} plane
 * @param {Float32Array} light before colour and exposure, four values per pixel
 * @param {Float32Array | null} gain the shading's, of the same shape; null: 1
 */
export function noisePlane({ noise, exposure, curve, scale }, light, gain) {
  const halfScale = f32(scale * 0.5);
  /** @param {number} value */
  const encoded = (value) => curve(exposure === null ? value : expose(value, exposure));
  return Float32Array.from({ length: light.length / 4 }, (_, quad) => {
    const mean = quadMean(light, quad);
    const shot = f32(Math.min(Math.max(mean, 0), 1) * noise.shot);
    const shading = gain === null ? 1 : quadMean(gain, quad);
    const variance = gain === null ? shot + noise.read : f32(shot + f32(noise.read * shading)) * shading;
    const sigma = f32(Math.sqrt(f32(variance)));
    const [high, low] = [encoded(f32(mean + sigma)), encoded(f32(mean - sigma))];
    return Math.min(Math.max(f32(f32(high - low) * halfScale), 0), 1);
  });
}

/** ((R + Gr) + (Gb + B)) / 4. @param {Float32Array} values @param {number} quad */
function quadMean(values, quad) {
  const at = 4 * quad;
  return f32(f32(f32(values[at] + values[at + 1]) + f32(values[at + 2] + values[at + 3])) * 0.25);
}
