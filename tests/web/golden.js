/** The Python runtime's vectors (tests/golden), in the terms of the page's modules. */

import { readFileSync } from "node:fs";

/** @import { RawFrame } from "../../web/lwisp_web/page/raw/frame.js" */

const FOLDER = new URL("../golden/", import.meta.url);

/** @param {string} name @returns {any} */
export function readGolden(name) {
  return JSON.parse(readFileSync(new URL(name, FOLDER), "utf8"));
}

/** @param {string} text base64 */
export function bytes(text) {
  return new Uint8Array(Buffer.from(text, "base64"));
}

/** @param {string} text */
export function floats(text) {
  return new Float32Array(bytes(text).buffer);
}

/** @param {string} text */
export function words(text) {
  return new Uint16Array(bytes(text).buffer);
}

/** @param {string} text */
export function codes(text) {
  return new Int8Array(bytes(text).buffer);
}

/** @param {any} tree @returns {RawFrame} */
export function frameOf(tree) {
  const [widthPx, heightPx] = tree.size_px;
  return {
    mosaic: words(tree.mosaic),
    widthPx,
    heightPx,
    cfa: tree.cfa,
    blackLevel: tree.black_level,
    whiteLevel: tree.white_level,
    wbGains: tree.wb_gains,
    cameraToSrgb: tree.camera_to_srgb && tree.camera_to_srgb.flat(),
    orientation: tree.orientation ?? 1,
    gainMaps: (tree.gain_maps ?? []).map(gainMapOf),
    vignettes: (tree.vignette ?? []).map((/** @type {any} */ each) => ({
      coefficients: each.coefficients,
      centerX: each.center_x,
      centerY: each.center_y,
    })),
    badPixels: (tree.bad_pixels ?? []).map((/** @type {any} */ bad) => ({
      constant: bad.constant,
      points: bad.points,
      rectangles: bad.rectangles.map((/** @type {number[]} */ [top, left, bottom, right]) => ({
        left,
        top,
        width: right - left,
        height: bottom - top,
      })),
    })),
    warps: [],
    baselineExposureEv: tree.baseline_exposure_ev ?? 0,
    noiseProfile: tree.noise_profile ?? null,
    picture: { left: 0, top: 0, width: widthPx, height: heightPx },
    notes: [],
  };
}

/** @param {any} map */
function gainMapOf(map) {
  const [rows, columns] = map.shape;
  const down = [rows, map.row_origin, map.row_spacing, map.top, map.bottom, map.row_pitch];
  const across = [columns, map.col_origin, map.col_spacing, map.left, map.right, map.col_pitch];
  const [downAxis, acrossAxis] = [down, across].map(([count, origin, spacing, start, stop, pitch]) => ({
    count,
    origin,
    spacing,
    start,
    stop,
    pitch,
  }));
  return { down: downAxis, across: acrossAxis, gains: floats(map.gains) };
}
