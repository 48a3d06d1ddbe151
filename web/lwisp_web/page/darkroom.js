/**
 * What the worker does: opens RAW files and develops them. One request at a time; the page sends the next one after.
 */

import { loadContracts, loadModel } from "./bundle.js";
import { inputSpec, isToldNoise, outputSpec } from "./contract.js";
import { LiteRt } from "./engine/litert.js";
import { LwispError, UsageError } from "./errors.js";
import { developFrame } from "./frame/develop.js";
import { quadLight, quadPicture } from "./output/before.js";
import { movingWarps, undistort } from "./output/distortion.js";
import { cutLevels, levelsOf, render } from "./output/picture.js";
import { encodePng } from "./output/png.js";
import { toneNotes } from "./output/tone-notes.js";
import { Preparation, PreparedPlanes } from "./preprocess/prepare.js";
import { CFA_OFFSETS_PX } from "./raw/cfa.js";
import { readDng } from "./raw/dng.js";
import { decodeByLibRaw } from "./raw/libraw.js";

/** @import { Backend } from "./engine/litert.js" */
/** @import { Feature, Model, TimeSplit } from "./frame/develop.js" */
/** @import { Picture } from "./output/picture.js" */
/** @import { Tone } from "./output/tone.js" */
/** @import { RawFrame } from "./raw/frame.js" */

/**
 * @typedef {object} DevelopRequest
 * @property {string} bundle its name
 * @property {"int8" | "fp16"} precision of the model file
 * @property {Backend} backend
 * @property {number | "auto"} exposureEv
 * @property {number} denoise
 * @property {Tone | "rendered"} tone
 */

/**
 * @typedef {object} Finished
 * @property {Picture} after
 * @property {Picture} before
 * @property {string[]} notes
 * @property {{time: TimeSplit, totalMs: number, tiles: number, exposureEv: number, backend: Backend, threads: number}} run
 */

/**
 * What was developed last: enough to give it another tone.
 *
 * @typedef {{picture: Feature, quads: Uint16Array, model: Model, chosenEv: number | "auto", run: Finished["run"]}} Negative
 */

const VENDOR = new URL("vendor/", import.meta.url);
const MODELS = new URL("models/", import.meta.url);

/** @type {RawFrame | null} */
let frame = null;
/** @type {Negative | null} */
let negative = null;
/** @type {Picture | null} */
let finished = null;
/** @type {Promise<LiteRt> | null} */
let engine = null;
/** By bundle and precision. @type {Map<string, Promise<Model>>} */
const models = new Map();

const REQUESTS = {
  /** @param {{file: ArrayBuffer}} request */
  async open({ file }) {
    // Until it's read, what was open stays.
    const opened = await readDng(new Uint8Array(file), (bytes) => decodeByLibRaw(bytes, VENDOR));
    negative = finished = null;
    frame = opened;
    return { widthPx: frame.picture.width, heightPx: frame.picture.height };
  },

  /** @param {DevelopRequest} request @returns {Promise<Finished>} */
  async develop({ bundle, precision, backend, exposureEv, denoise, tone }) {
    if (!frame) throw new UsageError("No RAW file is open. Choose one, or the sample.");
    const start = performance.now();
    const [litert, model] = await Promise.all([loadEngine(), findModel(bundle, precision)]);
    checkBackend(model, backend, denoise);
    const prepareStart = performance.now();
    const preparation = new Preparation(frame, model.contract.input, { exposureEv, denoise });
    const planes = new PreparedPlanes(preparation);
    const prepareMs = performance.now() - prepareStart;
    const { time, tiles, picture } = await developFrame(planes, model, litert, backend, report);
    time.prepareMs += prepareMs;
    const { threads } = litert;
    const run = {
      time,
      totalMs: performance.now() - start,
      tiles,
      exposureEv: preparation.exposureEv,
      backend,
      threads,
    };
    const quads = quadLight(planes, model.contract.input);
    negative = { picture, quads, model, chosenEv: exposureEv, run };
    return print(tone);
  },

  /** Another tone of what is developed. @param {{tone: Tone | "rendered"}} request */
  async print({ tone }) {
    return print(tone);
  },

  async png() {
    if (!finished) throw new UsageError("Nothing is developed yet.");
    return encodePng(finished);
  },
};

/**
 * Answer a message {id, name, request} with {id, result} or {id, error}.
 *
 * @param {{id: number, name: keyof typeof REQUESTS, request: any}} message
 */
export async function handle({ id, name, request }) {
  try {
    postMessage({ id, result: await REQUESTS[name](request) });
  } catch (error) {
    if (!(error instanceof LwispError)) console.error(error);
    postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
}

/** @param {number} share */
function report(share) {
  postMessage({ progress: share });
}

function loadEngine() {
  engine ??= LiteRt.load(VENDOR);
  return engine;
}

/** @param {string} bundle @param {string} precision @returns {Promise<Model>} */
function findModel(bundle, precision) {
  const key = `${bundle}/${precision}`;
  const found = models.get(key) ?? fetchModel(bundle, precision);
  models.set(key, found);
  found.catch(() => models.delete(key));
  return found;
}

/** @param {string} bundle @param {string} precision */
async function fetchModel(bundle, precision) {
  const folder = new URL(`${bundle}/`, MODELS);
  const files = await loadContracts(folder);
  const file = files.find((each) => each.contract.precision === precision);
  if (!file)
    throw new UsageError(
      `${bundle} has no ${precision} model; it has ${files.map((each) => each.contract.precision)}.`,
    );
  return loadModel(folder, file);
}

/** @param {Model} model @param {Backend} backend @param {number} denoise */
function checkBackend({ contract }, backend, denoise) {
  if (backend === "gpu" && inputSpec(contract).dtype === "int8") {
    throw new UsageError("LiteRT.js runs INT8 on the CPU alone. Choose float for the GPU.");
  }
  if (denoise !== 1 && !isToldNoise(contract))
    throw new UsageError("This model isn't told the noise; leave denoising at 1.");
}

/** @param {Tone | "rendered"} tone @returns {Finished} */
function print(tone) {
  if (!negative || !frame) throw new UsageError("Nothing is developed yet.");
  const { picture, quads, model, chosenEv, run } = negative;
  const { rendered_tone: rendered } = model.contract;
  const wanted = tone === "rendered" ? rendered : tone;
  const spec = outputSpec(model.contract);
  const after = finish(frame, picture.values, picture.width, levelsOf(spec, rendered, wanted));
  const before = finish(frame, quadPicture(quads, picture.width / 2, wanted), picture.width, (level) => level);
  finished = after;
  const notes = [
    ...frame.notes,
    ...exposureNotes(frame, chosenEv, run.exposureEv),
    ...toneNotes(spec, rendered, wanted),
  ];
  return { after, before, notes, run };
}

/**
 * The picture out of a developed frame: distortion undone, cut, turned upright.
 *
 * @param {RawFrame} raw
 * @param {ArrayLike<number>} values three per pixel
 * @param {number} rowPx
 * @param {(value: number) => number} toLevel
 */
function finish({ cfa, widthPx, heightPx, picture, orientation, warps }, values, rowPx, toLevel) {
  const [top, left] = CFA_OFFSETS_PX[cfa];
  const moving = movingWarps(warps);
  if (!moving.length) {
    const visible = { ...picture, left: picture.left + left, top: picture.top + top };
    return render(values, rowPx, visible, orientation, toLevel);
  }
  const mosaic = { left, top, width: widthPx, height: heightPx };
  let levels = cutLevels(values, rowPx, mosaic, toLevel);
  for (const warp of moving) levels = undistort(levels, widthPx, warp);
  return render(levels, widthPx, picture, orientation, (level) => level);
}

/** @param {RawFrame} raw @param {number | "auto"} chosen @param {number} ev */
function exposureNotes({ baselineExposureEv: baseline }, chosen, ev) {
  if (chosen === "auto") return [`Exposure by the frame's own light: ${ev.toFixed(2)} EV.`];
  if (!baseline) return [];
  return [`Exposure ${ev.toFixed(2)} EV: the file asks for ${baseline.toFixed(2)} (BaselineExposure).`];
}
