/**
 * Exposure in stops, with a shoulder: shadows and mid-tones get the gain, what the sensor held is never burnt. Brighter
 * is a hyperbola from the knee to white, darker its inverse: y = gain (min(x, knee) + e / (1 + bend e)), e = x - knee.
 */

import { siteOrder } from "../raw/cfa.js";
import { planeLevels } from "./levels.js";

/** @import { InputContract } from "../contract.js" */
/** @import { RawFrame } from "../raw/frame.js" */

/** Linear light that `auto` moves a frame's median to (a grey card's), and its 99th percentile to at most. */
const AUTO_MIDDLE = 0.18;
const AUTO_HIGHLIGHT = 1.75;
/** Of what a dark frame lacks, so many stops are given whole and half of the rest: night isn't turned into day. */
const AUTO_WHOLE_EV = 1.5;
const AUTO_LOWEST_EV = -1;
const AUTO_HIGHEST_EV = 3;
const AUTO_STEPS_PER_EV = 20;
/** Every fourth quad along each side is looked at. */
const AUTO_STRIDE_PX = 4;
const LEAST_LIGHT = 1e-6;

const f32 = Math.fround;

/** @typedef {{gain: number, knee: number, bend: number}} Shoulder */

/**
 * The curve of an exposure, computed in 64 bits and rounded once.
 *
 * @param {number} ev in stops
 * @param {number} knee in (0, 1), of the brighter picture
 * @returns {Shoulder}
 */
export function shoulder(ev, knee) {
  const gain = 2 ** Math.abs(ev);
  const bend = (gain - 1) / ((1 - knee) * (gain - knee));
  const [a, b, c] = ev > 0 ? [gain, knee / gain, gain * bend] : [1 / gain, knee, -bend];
  return { gain: f32(a), knee: f32(b), bend: f32(c) };
}

/** Apply an exposure to one value; above 1 it's taken as 1. @param {number} light @param {Shoulder} curve */
export function expose(light, { gain, knee, bend }) {
  const excess = f32(Math.min(Math.max(light, knee), 1) - knee);
  return f32(f32(f32(excess / f32(f32(excess * bend) + 1)) + Math.min(light, knee)) * gain);
}

/**
 * Exposure by a frame's own light, a multiple of 0.05 EV: it takes the median to a grey card's light, a very dark one only
 * part of the way, and spares highlights. From the green sites of every fourth quad along each side: equal mosaics get
 * equal exposures.
 *
 * @param {RawFrame} frame
 * @param {InputContract} contract
 */
export function autoExposureEv(frame, contract) {
  const light = greenLight(frame, contract).sort();
  const [middle, highlight] = [50, 99].map((share) =>
    Math.max(light[Math.floor((light.length * share) / 100)], LEAST_LIGHT),
  );
  const lacking = Math.log2(AUTO_MIDDLE / middle);
  const given = lacking <= AUTO_WHOLE_EV ? lacking : (lacking + AUTO_WHOLE_EV) / 2;
  const ev = Math.min(given, Math.log2(AUTO_HIGHLIGHT / highlight));
  const bounded = Math.min(Math.max(ev, AUTO_LOWEST_EV), AUTO_HIGHEST_EV);
  return Math.floor(bounded * AUTO_STEPS_PER_EV + 0.5) / AUTO_STEPS_PER_EV;
}

/** @param {RawFrame} frame @param {InputContract} contract */
function greenLight(frame, contract) {
  const { black, gain } = planeLevels(frame, contract, 1);
  const sites = siteOrder(frame.cfa);
  const step = 2 * AUTO_STRIDE_PX;
  const light = [];
  for (const plane of [1, 2]) {
    for (let y = sites[plane] >> 1; y < frame.heightPx; y += step) {
      for (let x = sites[plane] & 1; x < frame.widthPx; x += step) {
        light.push(f32(f32(frame.mosaic[y * frame.widthPx + x] - black[plane]) * gain[plane]));
      }
    }
  }
  return Float32Array.from(light);
}
