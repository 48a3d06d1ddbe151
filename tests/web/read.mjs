/** What the page reads of a DNG, as JSON: read.mjs FILE; the mosaic as SHA-256 of its little-endian samples. */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import { readDng } from "../../web/lwisp_web/page/raw/dng.js";

const file = new Uint8Array(readFileSync(process.argv[2]));
const { mosaic, gainMaps, ...facts } = await readDng(file, () => Promise.reject(new Error("This file needs LibRaw.")));
const bytes = new Uint8Array(mosaic.buffer, mosaic.byteOffset, mosaic.byteLength);
const gains = gainMaps.map((map) => [...map.gains]);
console.log(JSON.stringify({ ...facts, sha256: createHash("sha256").update(bytes).digest("hex"), gains }));
