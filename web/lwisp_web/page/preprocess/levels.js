/** Levels: sensor values to light above black, and white balance: one gain per plane. */

import { siteOrder } from "../raw/cfa.js";
import { scaleGains } from "../raw/matrix.js";

/** @import { InputContract } from "../contract.js" */
/** @import { RawFrame } from "../raw/frame.js" */

/** Planes R, Gr, Gb, B as R, G, B. */
export const PLANE_COLORS = [0, 1, 1, 2];

/**
 * White-balance gains of R, Gr, Gb, B, the smallest 1; all 1 where the contract leaves white as it is.
 *
 * @param {RawFrame} frame
 * @param {InputContract} contract
 */
export function balanceGains(frame, contract) {
  const gains = contract.white_balance ? scaleGains(frame.wbGains) : [1, 1, 1];
  return PLANE_COLORS.map((color) => gains[color]);
}

/**
 * What is subtracted from each plane, and what it's multiplied by then: white balance, exposure, 1 / (white - black).
 * Computed in 64 bits, rounded once.
 *
 * @param {RawFrame} frame
 * @param {InputContract} contract
 * @param {number} exposureGain where the contract applies exposure before white is clipped; else 1
 */
export function planeLevels(frame, contract, exposureGain) {
  const sites = siteOrder(frame.cfa);
  const black = Float32Array.from(sites, (site) => (contract.subtract_black ? frame.blackLevel[site] : 0));
  const gain = Float32Array.from(
    balanceGains(frame, contract),
    (balance, plane) => balance * (exposureGain / (frame.whiteLevel - black[plane])),
  );
  return { black, gain };
}
