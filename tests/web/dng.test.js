/** DNGs are read as the Python runtime reads them. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { readDng } from "../../web/lwisp_web/page/raw/dng.js";
import { bytes, frameOf, readGolden } from "./golden.js";

/** Plain files must not need it. @returns {Promise<never>} */
const noDecoder = async () => assert.fail("A plain file was given to LibRaw.");

for (const each of readGolden("golden.json").dng) {
  test(`DNG: ${each.name}`, async () => {
    const found = await readDng(bytes(each.content), noDecoder);
    const expected = frameOf(each.frame);
    for (const key of /** @type {const} */ ([
      "mosaic",
      "widthPx",
      "heightPx",
      "cfa",
      "blackLevel",
      "whiteLevel",
      "wbGains",
      "orientation",
    ])) {
      assert.deepEqual(found[key], expected[key], key);
    }
    found.cameraToSrgb?.forEach((value, at) => {
      assert.ok(Math.abs(value - (expected.cameraToSrgb?.[at] ?? NaN)) < 1e-12, `camera_to_srgb[${at}]`);
    });
  });
}

test("damaged files are refused, never misread", async () => {
  const [{ content }] = readGolden("golden.json").dng;
  for (let length = 0; length < bytes(content).length; length += 97) {
    await assert.rejects(readDng(bytes(content).slice(0, length), noDecoder), { name: "RawError" });
  }
});

test("other files are named", async () => {
  const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0);
  await assert.rejects(readDng(jpeg, noDecoder), /This is a JPEG/);
  await assert.rejects(readDng(new Uint8Array(64), noDecoder), /isn't a DNG/);
});

test("samples that aren't plain are decoded by LibRaw, and must be as many as the file says", async () => {
  const file = bytes(readGolden("golden.json").dng[0].content);
  const at = compressionEntry(file);
  file[at + 8] = 7;
  const decode = async () => ({ widthPx: 2, heightPx: 2, samples: new Uint16Array(4) });
  await assert.rejects(readDng(file, decode), /LibRaw decodes 2x2 samples/);
});

/** Where the tag Compression is in a little-endian file's first directory. @param {Uint8Array} file */
function compressionEntry(file) {
  const view = new DataView(file.buffer);
  const directory = view.getUint32(4, true);
  for (let at = directory + 2; ; at += 12) if (view.getUint16(at, true) === 259) return at;
}

test("the sample is read", async () => {
  const file = readFileSync(new URL("../../web/lwisp_web/page/sample.dng", import.meta.url));
  const frame = await readDng(new Uint8Array(file), noDecoder);
  assert.deepEqual([frame.widthPx, frame.heightPx, frame.cfa], [511, 512, "GRBG"]);
});
