/**
 * Developing a frame: the image-wide tensors from a sample of it, then the frame whole, or by the contract's stages in
 * tiles. Tiles give the whole frame's picture, in INT8 bit for bit.
 */

import { inputSpec, outputSpec, tensorSpec } from "../contract.js";
import { quantize } from "../engine/quantization.js";
import { specialize } from "../engine/specialize.js";
import { UsageError } from "../errors.js";
import { contextSample } from "./context-sample.js";
import { layTiles, planTiles } from "./tiles.js";

/** @import { ModelContract, SignatureContract, TensorSpec } from "../contract.js" */
/** @import { Backend, LiteRt, Runner, Values } from "../engine/litert.js" */
/** @import { PreparedPlanes } from "../preprocess/prepare.js" */
/** @import { Rectangle } from "../raw/frame.js" */
/** @import { Tile, TilePlan } from "./tiles.js" */

/** A model's contract and bytes, their hash checked. @typedef {{contract: ModelContract, bytes: Uint8Array}} Model */
/** A tensor of the whole frame. @typedef {{spec: TensorSpec, width: number, height: number, values: Values}} Feature */
/**
 * Where the time went, in milliseconds; cutting out counts as preparation.
 *
 * @typedef {{prepareMs: number, compileMs: number, inferenceMs: number}} TimeSplit
 */
/** Called with the share of the work that is done, 0 to 1. @typedef {(share: number) => void} Report */

/**
 * @typedef {object} Developed
 * @property {Feature} picture the model's own values, of the whole packed frame
 * @property {TimeSplit} time
 * @property {number} tiles that were run, the sample's not counted; 1 for a frame in one piece
 */

/** What a run may take, by the contract's bytes per px: phones' browsers have little. */
export const RUN_BYTES = 192e6;

/**
 * Develop a frame. Throws EngineError if the model can't run, UsageError if the smallest tiles are too large.
 *
 * @param {PreparedPlanes} planes
 * @param {Model} model
 * @param {LiteRt} engine
 * @param {Backend} backend
 * @param {Report} report
 * @param {number} [runBytes]
 * @returns {Promise<Developed>}
 */
export async function developFrame(planes, model, engine, backend, report, runBytes = RUN_BYTES) {
  const run = new FrameRun(planes, model, engine, backend, report);
  const plans = planFrame(model.contract, planes, runBytes);
  await run.sample(plans);
  for (const plan of plans) await run.stage(plan);
  const picture = run.features.get(outputSpec(model.contract).name);
  return { picture: /** @type {Feature} */ (picture), time: run.time, tiles: run.tileCount };
}

/** @param {ModelContract} contract @param {PreparedPlanes} planes @param {number} runBytes @returns {TilePlan[]} */
function planFrame(contract, { widthPx, heightPx }, runBytes) {
  if (widthPx * heightPx * contract.develop.bytes_per_packed_px <= runBytes) {
    return [layTiles(contract.develop, widthPx, heightPx, widthPx, heightPx)];
  }
  return contract.stages.map((stage) => {
    const plan = planTiles(stage, widthPx, heightPx, runBytes);
    if (!plan)
      throw new UsageError(`A frame of ${2 * widthPx}x${2 * heightPx} px is too large for a browser. Use lwisp.`);
    return plan;
  });
}

/** One frame on its way through the model. */
class FrameRun {
  /**
   * @param {PreparedPlanes} planes
   * @param {Model} model
   * @param {LiteRt} engine
   * @param {Backend} backend
   * @param {Report} report
   */
  constructor(planes, { contract, bytes }, engine, backend, report) {
    this.planes = planes;
    this.contract = contract;
    this.bytes = bytes;
    this.engine = engine;
    this.backend = backend;
    this.report = report;
    /** @type {Record<string, Values>} */
    this.imageWide = {};
    /** @type {Map<string, Feature>} */
    this.features = new Map();
    /** @type {TimeSplit} */
    this.time = { prepareMs: 0, compileMs: 0, inferenceMs: 0 };
    this.tileCount = 0;
    this.doneMacs = 0;
    this.totalMacs = 1;
    /** @type {TilePlan[]} */
    this.plans = [];
  }

  /** Take the image-wide tensors. @param {TilePlan[]} plans what comes after it */
  async sample(plans) {
    this.plans = plans;
    const { sample, context, input } = this.contract;
    const taken = await this.#timed("prepareMs", () => contextSample(this.planes, context, input.size_multiple));
    const sampleMacs = taken.width * taken.height * sample.macs_per_packed_px;
    this.totalMacs = plans.reduce((sum, plan) => sum + plan.tiles.length * macsOf(plan), sampleMacs);
    const packed = quantize(taken.planes, inputSpec(this.contract));
    const runner = await this.#compile(sample, taken);
    this.imageWide = await this.#timed("inferenceMs", () => runner.run({ [sample.inputs[0]]: packed }));
    runner.close();
    this.#advance(sampleMacs);
  }

  /** @param {TilePlan} plan */
  async stage(plan) {
    const { signature, tiles } = plan;
    for (const name of signature.outputs) this.features.set(name, this.#emptyFeature(name));
    const runner = await this.#compile(signature, plan);
    for (const tile of tiles) {
      const inputs = await this.#timed("prepareMs", () =>
        Object.fromEntries(signature.inputs.map((name) => [name, this.#input(name, tile)])),
      );
      const outputs = await this.#timed("inferenceMs", () => runner.run(inputs));
      for (const name of signature.outputs) keep(/** @type {Feature} */ (this.features.get(name)), tile, outputs[name]);
      this.tileCount++;
      this.#advance(macsOf(plan));
    }
    runner.close();
    this.#freeUnread(plan);
  }

  /** @param {string} name @param {Tile} tile @returns {Values} */
  #input(name, tile) {
    if (name in this.imageWide) return this.imageWide[name];
    const spec = inputSpec(this.contract);
    if (name === spec.name) return quantize(this.planes.planes(tile.input), spec);
    return cut(/** @type {Feature} */ (this.features.get(name)), tile.input);
  }

  /** Free the features that no later stage reads. @param {TilePlan} done */
  #freeUnread(done) {
    const later = this.plans.slice(this.plans.indexOf(done) + 1);
    const live = new Set(later.flatMap((plan) => plan.signature.inputs)).add(outputSpec(this.contract).name);
    for (const name of this.features.keys()) if (!live.has(name)) this.features.delete(name);
  }

  /** @param {string} name @returns {Feature} */
  #emptyFeature(name) {
    const spec = tensorSpec(this.contract, name);
    const [width, height] = [this.planes.widthPx * spec.resolution, this.planes.heightPx * spec.resolution];
    const count = width * height * spec.channels;
    return { spec, width, height, values: spec.dtype === "int8" ? new Int8Array(count) : new Float32Array(count) };
  }

  /** @param {SignatureContract} signature @param {{width: number, height: number}} tile @returns {Promise<Runner>} */
  #compile(signature, tile) {
    return this.#timed("compileMs", () => {
      const inputs = signature.inputs.map((name) => tensorSpec(this.contract, name));
      return this.engine.compile(specialize(this.bytes, signature, inputs, tile), this.backend);
    });
  }

  /** @param {number} macs */
  #advance(macs) {
    this.doneMacs += macs;
    this.report(this.doneMacs / this.totalMacs);
  }

  /** @template T @param {keyof TimeSplit} part @param {() => T | Promise<T>} work */
  async #timed(part, work) {
    const start = performance.now();
    try {
      return await work();
    } finally {
      this.time[part] += performance.now() - start;
    }
  }
}

/** @param {TilePlan} plan */
function macsOf({ width, height, signature }) {
  return width * height * signature.macs_per_packed_px;
}

/** The values under a rectangle in packed px. @param {Feature} feature @param {Rectangle} part */
function cut({ spec, width, values }, part) {
  const area = scaled(part, spec.resolution);
  const row = spec.channels * area.width;
  const found = spec.dtype === "int8" ? new Int8Array(row * area.height) : new Float32Array(row * area.height);
  for (let y = 0; y < area.height; y++) {
    const start = spec.channels * ((area.top + y) * width + area.left);
    found.set(values.subarray(start, start + row), y * row);
  }
  return found;
}

/** Store what is kept of a tile's result. @param {Feature} feature @param {Tile} tile @param {Values} result */
function keep({ spec, width, values }, tile, result) {
  const [whole, kept] = [scaled(tile.input, spec.resolution), scaled(tile.keep, spec.resolution)];
  for (let y = 0; y < kept.height; y++) {
    const start = spec.channels * ((kept.top - whole.top + y) * whole.width + kept.left - whole.left);
    const place = spec.channels * ((kept.top + y) * width + kept.left);
    values.set(result.subarray(start, start + spec.channels * kept.width), place);
  }
}

/** @param {Rectangle} area @param {number} factor @returns {Rectangle} */
function scaled({ left, top, width, height }, factor) {
  return { left: left * factor, top: top * factor, width: width * factor, height: height * factor };
}
