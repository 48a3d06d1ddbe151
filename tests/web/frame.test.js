/** Tiles, context, quantization, tone and pictures equal the Python runtime's. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { inflateSync } from "node:zlib";

import { quantize, realValues, roundHalfEven } from "../../web/lwisp_web/page/engine/quantization.js";
import { contextSample, cropSpans } from "../../web/lwisp_web/page/frame/context-sample.js";
import { planTiles, splitSide } from "../../web/lwisp_web/page/frame/tiles.js";
import { level8, levelsOf, render } from "../../web/lwisp_web/page/output/picture.js";
import { encodePng } from "../../web/lwisp_web/page/output/png.js";
import { applyTone, inverseContrast, toneTable } from "../../web/lwisp_web/page/output/tone.js";
import { Preparation, PreparedPlanes } from "../../web/lwisp_web/page/preprocess/prepare.js";
import { bytes, codes, floats, frameOf, readGolden } from "./golden.js";

const golden = readGolden("golden.json");
const steps = readGolden("steps.json");

test("values are quantized, halves to even", () => {
  for (const each of golden.quantise) {
    const spec = {
      name: "x",
      dtype: /** @type {const} */ ("int8"),
      channels: 4,
      resolution: 1,
      scale: each.scale,
      zero_point: each.zero_point,
    };
    const found = /** @type {Int8Array} */ (quantize(floats(each.values), spec));
    assert.deepEqual(found, codes(each.codes));
    const real = realValues(spec);
    assert.deepEqual(
      Float32Array.from(found, (code) => real[code + 128]),
      floats(each.real),
    );
  }
  assert.deepEqual([-1.5, -0.5, 0.5, 1.5, 2.5].map(roundHalfEven), [-2, 0, 0, 2, 2]);
});

test("values are rounded to 8 bits", () => {
  assert.deepEqual(Uint8Array.from(floats(golden.levels.values), level8), bytes(golden.levels.levels));
  assert.throws(() => level8(NaN), /NaN/);
});

test("crops and tiles lie where the Python runtime lays them", () => {
  for (const each of golden.context_spans) assert.deepEqual(cropSpans(each.side_px, each, 16), each.spans);
  for (const each of golden.tiles) {
    const spans = splitSide(each.side_px, each.tile_px, each.halo_px);
    assert.deepEqual(
      spans.map(({ start, stop, keepStart, keepStop }) => [start, stop, keepStart, keepStop]),
      each.tiles,
    );
  }
});

test("the context sample", () => {
  for (const each of golden.context_samples) {
    const planes = new PreparedPlanes(new Preparation(frameOf(each.frame), each.contract));
    const sample = contextSample(planes, each, 16);
    assert.deepEqual([sample.width, sample.height], each.sample_size_px);
    assert.deepEqual(sample.planes, floats(each.sample));
  }
});

test("planned tiles cover the frame once and stay within the limit", () => {
  const signature = {
    name: "descend",
    inputs: [],
    outputs: [],
    halo_px: 12,
    multiple_px: 2,
    macs_per_packed_px: 1,
    bytes_per_packed_px: 382,
  };
  const plan = planTiles(signature, 2016, 1504, 50e6);
  assert.ok(plan && plan.width * plan.height * 382 <= 50e6 && plan.tiles.length > 1);
  assert.equal(
    plan.tiles.reduce((px, { keep }) => px + keep.width * keep.height, 0),
    2016 * 1504,
  );
  assert.ok(plan.tiles.every(({ input }) => input.left % 2 === 0 && input.left + input.width <= 2016));
  assert.equal(planTiles(signature, 2016, 1504, 1000), null);
});

test("tones", () => {
  const tone = steps.tone;
  const values = floats(tone.values);
  for (const wanted of /** @type {const} */ (["standard", "contrast"])) {
    assert.deepEqual(
      values.map((value) => applyTone(value, "neutral", wanted)),
      floats(tone[wanted]),
    );
  }
  assert.deepEqual(
    values.map((value) => inverseContrast(value, Math.fround)),
    floats(tone.inverse_contrast),
  );
  const real = Float32Array.from({ length: 256 }, (_, code) => code / 256);
  for (const wanted of /** @type {const} */ (["neutral", "standard", "contrast"])) {
    const table = Uint8Array.from(toneTable(real, "contrast", wanted), (value) =>
      roundHalfEven(Math.fround(value * 255)),
    );
    assert.deepEqual(table, bytes(tone.tables_from_contrast[wanted]));
  }
});

test("pictures are turned upright and cut", () => {
  for (const each of golden.turns) {
    const stored = each.stored.flat().flatMap((/** @type {number} */ value) => [value, value, value]);
    const picture = render(stored, 3, { left: 0, top: 0, width: 3, height: 2 }, each.orientation, (value) => value);
    const upright = each.upright.flat();
    assert.deepEqual([picture.heightPx, picture.widthPx], [each.upright.length, each.upright[0].length]);
    assert.deepEqual(
      upright,
      Array.from(upright, (_, at) => picture.rgba[4 * at]),
    );
  }
  const cut = render([...Array(27).keys()], 3, { left: 1, top: 1, width: 2, height: 2 }, 1, (value) => value);
  assert.deepEqual([...cut.rgba], [12, 13, 14, 255, 15, 16, 17, 255, 21, 22, 23, 255, 24, 25, 26, 255]);
});

test("a model's codes become levels by one table", () => {
  const spec = {
    name: "rgb",
    dtype: /** @type {const} */ ("int8"),
    scale: 1 / 256,
    zero_point: -128,
    channels: 3,
    resolution: 2,
  };
  const toLevel = levelsOf(spec, "contrast", "contrast");
  assert.deepEqual([-128, 0, 127].map(toLevel), [0, 128, 254]);
});

test("a PNG holds the picture's pixels", async () => {
  const rgba = Uint8ClampedArray.from({ length: 4 * 7 * 5 }, (_, at) => (at % 4 === 3 ? 255 : (at * 37) % 256));
  const file = Buffer.from(await (await encodePng({ widthPx: 7, heightPx: 5, rgba })).arrayBuffer());
  const at = file.indexOf("IDAT");
  const rows = inflateSync(file.subarray(at + 4, at + 4 + file.readUInt32BE(at - 4)));
  assert.equal(rows.length, 5 * (1 + 3 * 7));
  assert.deepEqual([file.readUInt32BE(16), file.readUInt32BE(20)], [7, 5]);
});
