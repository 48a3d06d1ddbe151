/** Each step of the pre-processing equals the Python runtime's bit for bit. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { repair } from "../../web/lwisp_web/page/preprocess/bad-pixels.js";
import { shiftOnQuads, shiftSmoothed } from "../../web/lwisp_web/page/preprocess/color.js";
import { makeCurve } from "../../web/lwisp_web/page/preprocess/curve.js";
import { autoExposureEv, expose, shoulder } from "../../web/lwisp_web/page/preprocess/exposure.js";
import { estimateNoise } from "../../web/lwisp_web/page/preprocess/noise-estimate.js";
import { noiseOfQuads, noisePlane } from "../../web/lwisp_web/page/preprocess/noise.js";
import { Preparation } from "../../web/lwisp_web/page/preprocess/prepare.js";
import { LensShading } from "../../web/lwisp_web/page/preprocess/shading.js";
import { CFA_OFFSETS_PX, alignedIndices } from "../../web/lwisp_web/page/raw/cfa.js";
import { bytes, floats, frameOf, readGolden, words } from "./golden.js";

const steps = readGolden("steps.json");
const golden = readGolden("golden.json");

/** Planes (plane, row, column) to four values per pixel. @param {Float32Array} planes */
function interleaved(planes) {
  const px = planes.length / 4;
  return Float32Array.from(planes, (_, at) => planes[(at % 4) * px + Math.floor(at / 4)]);
}

/** The whole frame's planes. @param {Preparation} preparation */
function wholePlanes(preparation) {
  return preparation.planes({ left: 0, top: 0, width: preparation.widthPx, height: preparation.heightPx });
}

test("bad pixels are repaired", () => {
  for (const each of steps.repair) {
    assert.deepEqual(repair(words(each.values), each.size_px[0], bytes(each.bad)), words(each.repaired));
  }
});

test("lens shading", () => {
  for (const each of steps.lens_shading) {
    const frame = frameOf(each.frame);
    const [top, left] = CFA_OFFSETS_PX[frame.cfa];
    const rows = alignedIndices(top, frame.heightPx, each.multiple_px);
    const columns = alignedIndices(left, frame.widthPx, each.multiple_px);
    const window = { left: 0, top: 0, width: columns.length / 2, height: rows.length / 2 };
    assert.deepEqual(new LensShading(frame, rows, columns).over(window), interleaved(floats(each.gains)));
  }
});

test("colour is shifted on quads and by smoothed differences", () => {
  for (const each of steps.color_shift) {
    const [width, height] = each.size_px;
    const window = { left: 0, top: 0, width, height };
    /** @type {Float32Array} */
    let light = interleaved(floats(each.light));
    if (each.color_shift === "quad") shiftOnQuads(light, floats(each.matrix));
    else light = shiftSmoothed(light, window, window, floats(each.matrix));
    assert.deepEqual(light, interleaved(floats(each.moved)));
  }
});

test("exposure has its shoulder", () => {
  for (const each of steps.exposure) {
    const curve = shoulder(each.ev, each.knee);
    assert.deepEqual(Float32Array.of(curve.gain, curve.knee, curve.bend), floats(each.shoulder));
    assert.deepEqual(
      floats(each.light).map((light) => expose(light, curve)),
      floats(each.exposed),
    );
  }
});

test("exposure by the frame's own light", () => {
  const contract = steps.prepare[0].contract;
  for (const each of steps.auto_ev) assert.equal(autoExposureEv(frameOf(each.frame), contract), each.ev);
});

test("the curve", () => {
  assert.deepEqual(floats(steps.curve.light).map(makeCurve(steps.curve.offset)), floats(steps.curve.values));
});

test("the noise plane", () => {
  for (const each of steps.noise_plane) {
    const noise = noiseOfQuads(each.noise_profile, each.gains);
    assert.deepEqual(Float32Array.of(noise.shot, noise.read), floats(each.quad_noise));
    const plane = {
      noise,
      exposure: each.ev ? shoulder(each.ev, each.knee) : null,
      curve: makeCurve(steps.curve.offset),
      scale: Math.fround(each.denoise / each.noise_full_scale),
    };
    const gain = each.shading && interleaved(floats(each.shading));
    assert.deepEqual(noisePlane(plane, interleaved(floats(each.light)), gain), floats(each.plane));
  }
});

test("noise is estimated from the mosaic", () => {
  const each = steps.estimate_noise;
  const frame = {
    ...frameOf({ ...each, mosaic: "", wb_gains: [1, 1, 1] }),
    mosaic: Uint16Array.from(bytes(each.mosaic_8_bit)),
  };
  const found = estimateNoise(frame);
  assert.deepEqual([found?.scale[0], found?.offset[0]], [each.shot, each.read]);
});

test("everything together", () => {
  for (const each of steps.prepare) {
    const { exposure_ev: exposureEv, lens_shading: lensShading, denoise } = each.options;
    const preparation = new Preparation(frameOf(each.frame), each.contract, { exposureEv, lensShading, denoise });
    assert.deepEqual([preparation.widthPx, preparation.heightPx], each.packed_size_px);
    assert.deepEqual(wholePlanes(preparation), floats(each.planes));
  }
});

for (const each of golden.prepare) {
  test(`prepare: ${each.name}`, () => {
    const preparation = new Preparation(frameOf(each.frame), each.contract, { exposureEv: each.exposure_ev });
    assert.deepEqual([preparation.widthPx, preparation.heightPx], each.packed_size_px);
    assert.deepEqual(wholePlanes(preparation), floats(each.planes));
  });
}

test("any part of a frame equals the whole's", () => {
  const { frame, contract } = steps.prepare[0];
  const preparation = new Preparation(frameOf(frame), contract);
  const whole = wholePlanes(preparation);
  const part = { left: 2, top: 1, width: 5, height: 6 };
  const planes = preparation.planes(part);
  const row = part.width * preparation.count;
  for (let y = 0; y < part.height; y++) {
    const start = ((part.top + y) * preparation.widthPx + part.left) * preparation.count;
    assert.deepEqual(planes.slice(y * row, (y + 1) * row), whole.slice(start, start + row));
  }
});

test("impossible wishes are refused", () => {
  const { frame, contract } = steps.prepare[0];
  assert.throws(() => new Preparation(frameOf(frame), contract, { exposureEv: 9 }), /Exposure 9 EV/);
  assert.throws(() => new Preparation(frameOf(frame), contract, { denoise: NaN }), /Denoising NaN/);
});
