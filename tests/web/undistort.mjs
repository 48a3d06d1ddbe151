/** Undo a distortion: JSON with width, rgb and the warp on standard input, levels as JSON on standard output. */

import { readFileSync } from "node:fs";

import { undistort } from "../../web/lwisp_web/page/output/distortion.js";

const { width, rgb, ...warp } = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify([...undistort(Uint8Array.from(rgb), width, warp)]));
