/**
 * LiteRT.js: runs signatures on the CPU (WebAssembly) or the GPU (WebGPU).
 *
 * Its public interface takes no int8 tensors; the module's own does, and gives the bits of LiteRT elsewhere. On the
 * GPU, floats go through the public interface, which moves them there and back.
 */

import { EngineError } from "../errors.js";

/** @typedef {Float32Array | Int8Array} Values */
/** @typedef {"cpu" | "gpu"} Backend */

/**
 * One signature at one size.
 *
 * @typedef {object} Runner
 * @property {(inputs: Record<string, Values>) => Promise<Record<string, Values>>} run by tensor names
 * @property {() => void} close
 */

/** Threads beyond these bring little. */
const MAX_THREADS = 8;

/** How LiteRT begins the list of operators that a GPU refuses; it's one line each, up to the one that sums up. */
const REFUSED = "not supported by GPU delegate";

export class LiteRt {
  /** @param {any} library the module @litertjs/core @param {string[]} log what LiteRT prints, the newest last */
  constructor(library, log) {
    this.library = library;
    this.log = log;
    this.wasm = library.getGlobalLiteRt().liteRtWasm;
    /** Of the CPU. */
    this.threads = Math.min(this.wasm.getThreadCount(), navigator.hardwareConcurrency, MAX_THREADS);
  }

  /**
   * Load LiteRT.js; several threads where the page is cross-origin isolated.
   *
   * @param {URL} vendor the folder that @litertjs is in
   */
  static async load(vendor) {
    const library = await import(new URL("@litertjs/core/dist/index.js", vendor).href);
    const folder = new URL("@litertjs/core/wasm/", vendor);
    /** @type {string[]} */
    const log = [];
    const print = (/** @type {string} */ line) => void log.push(line);
    // In a worker, the module would look for its files beside the worker's script.
    const locateFile = (/** @type {string} */ name) => new URL(name, folder).href;
    const mainScriptUrlOrBlob = locateFile("litert_wasm_threaded_internal.js");
    Object.assign(globalThis, { Module: { locateFile, mainScriptUrlOrBlob, print, printErr: print } });
    const threads = crossOriginIsolated && (await library.supportsFeature("relaxedSimd"));
    await library.loadLiteRt(folder.href, { threads });
    return new LiteRt(library, log);
  }

  /** Whether there is a GPU at all. */
  get hasGpu() {
    return this.library.getWebGpuDevice() !== null;
  }

  /**
   * Compile a model of one signature. Throws EngineError if the backend doesn't take it whole.
   *
   * @param {Uint8Array<ArrayBuffer>} bytes
   * @param {Backend} backend
   * @returns {Promise<Runner>}
   */
  async compile(bytes, backend) {
    this.log.length = 0;
    try {
      return backend === "gpu" ? await this.#onGpu(bytes) : await this.#onCpu(bytes);
    } catch (error) {
      if (error instanceof EngineError) throw error;
      throw new EngineError(
        `LiteRT.js can't load the model (${message(error)}). Choose another backend or precision.`,
        { cause: error },
      );
    }
  }

  /** @param {Uint8Array<ArrayBuffer>} bytes @returns {Promise<Runner>} */
  async #onGpu(bytes) {
    if (!this.hasGpu) {
      throw new EngineError("This browser offers no GPU to pages (WebGPU). Choose the CPU, or another browser.");
    }
    const model = await this.library.loadAndCompile(bytes, { accelerator: "webgpu" });
    // `isFullyAccelerated` is true even where operators were refused.
    const refused = refusedOperators(this.log);
    if (refused.length || model.options.accelerator !== "webgpu") {
      model.delete();
      throw new EngineError(
        `The GPU doesn't take the whole model: ${refused.join(" ") || "LiteRT.js fell back"} Choose the CPU.`,
      );
    }
    const shapes = new Map(model.getInputDetails().map((/** @type {any} */ each) => [each.name, [...each.shape]]));
    return { run: (inputs) => this.#runOnGpu(model, shapes, inputs), close: () => model.delete() };
  }

  /** @param {any} model @param {Map<string, number[]>} shapes @param {Record<string, Values>} inputs */
  async #runOnGpu(model, shapes, inputs) {
    const named = Object.entries(inputs).map(([name, values]) => [
      name,
      new this.library.Tensor(values, shapes.get(name)),
    ]);
    const outputs = await model.run(Object.fromEntries(named));
    named.forEach(([, tensor]) => tensor.delete());
    /** @type {Record<string, Values>} */
    const results = {};
    for (const [name, tensor] of Object.entries(outputs)) {
      results[name] = (await tensor.data()).slice();
      tensor.delete();
    }
    return results;
  }

  /** @param {Uint8Array<ArrayBuffer>} bytes @returns {Promise<Runner>} */
  async #onCpu(bytes) {
    const { wasm } = this;
    const environment = this.library.getDefaultEnvironment();
    const place = wasm._malloc(bytes.length);
    wasm.HEAPU8.set(bytes, place);
    const model = wasm.loadModel(environment.liteRtEnvironment, place, bytes.length);
    const options = {
      environment,
      accelerator: "wasm",
      cpuOptions: { numThreads: this.threads },
      gpuOptions: {},
      webNNOptions: {},
    };
    const compiled = await wasm.compileModel(environment.liteRtEnvironment, model, options);
    const signature = model.getSignature(0);
    const [inputs, outputs] = [names(signature.inputNames()), names(signature.outputNames())];
    const types = inputs.map((_, index) => model.getInputTensorType(0, index));
    const close = () => {
      [...types, signature, compiled, model].forEach((each) => each.delete());
      wasm._free(place);
    };
    return { run: (values) => this.#runOnCpu(compiled, types, inputs, outputs, values), close };
  }

  /**
   * @param {any} compiled
   * @param {any[]} types
   * @param {string[]} inputs
   * @param {string[]} outputs
   * @param {Record<string, Values>} values
   */
  async #runOnCpu(compiled, types, inputs, outputs, values) {
    const { wasm } = this;
    const buffers = inputs.map((name, index) => this.#hostBuffer(types[index], values[name]));
    const results = await compiled.run(0, buffers);
    buffers.forEach((buffer) => buffer.delete());
    const isFloat = Object.values(values)[0] instanceof Float32Array;
    /** @type {Record<string, Values>} */
    const copies = {};
    results.forEach((/** @type {any} */ buffer, /** @type {number} */ index) => {
      const place = buffer.lock(wasm.LiteRtTensorBufferLockMode.READ);
      const bytes = wasm.HEAPU8.slice(place, place + buffer.packedSize());
      buffer.unlock();
      buffer.delete();
      copies[outputs[index]] = isFloat ? new Float32Array(bytes.buffer) : new Int8Array(bytes.buffer);
    });
    return copies;
  }

  /** @param {any} type @param {Values} values */
  #hostBuffer(type, values) {
    const { wasm } = this;
    const environment = this.library.getDefaultEnvironment().liteRtEnvironment;
    const host = wasm.LiteRtTensorBufferType.HOST_MEMORY;
    const buffer = wasm.LiteRtTensorBuffer.createManaged(environment, host, type, values.byteLength);
    const place = buffer.lock(wasm.LiteRtTensorBufferLockMode.WRITE);
    wasm.HEAPU8.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), place);
    buffer.unlock();
    return buffer;
  }
}

/** The operators that a GPU refused, and why. @param {string[]} log */
function refusedOperators(log) {
  const start = log.findIndex((line) => line.includes(REFUSED));
  if (start < 0) return [];
  const stop = log.findIndex((line, at) => at > start && line.includes("will run on the"));
  return log.slice(start + 1, stop < 0 ? undefined : stop);
}

/** @param {any} vector @returns {string[]} */
function names(vector) {
  const found = Array.from({ length: vector.size() }, (_, index) => vector.get(index));
  vector.delete();
  return found;
}

/** @param {unknown} error */
function message(error) {
  return error instanceof Error ? error.message : String(error);
}
