/**
 * The worker: one case by the harness's protocol. A classic script, because LiteRT.js loads its module by importScripts.
 *
 * LiteRT.js's public interface takes no int8 tensors; the module's own does, and gives the bits of LiteRT elsewhere.
 */

const REFUSED = "not supported by GPU delegate";
const log = [];

onmessage = async ({ data }) => {
  try {
    const result = await measure(data);
    postMessage(result, result.outputs.map((bytes) => bytes.buffer));
  } catch (error) {
    postMessage({ error: String(error?.message ?? error) });
  }
};

async function measure({ model, inputs, threads, backend, limits }) {
  const library = await load(threads);
  const bytes = new Uint8Array(await (await fetch(model)).arrayBuffer());
  const values = await Promise.all(inputs.map(async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer())));
  const start = performance.now();
  const run = backend === "webgpu" ? await onGpu(library, bytes, values) : await onCpu(library, bytes, values, threads);
  const prepareMs = performance.now() - start;
  const [firstMs] = await timed(run);
  const { samples: warmUp, settled } = await warmUpRuns(run, limits);
  const { samples, starts, outputs } = await steadyRuns(run, limits);
  return { prepare_ms: prepareMs, first_ms: firstMs, warm_up_ms: warmUp, settled, samples_ms: samples, start_s: starts, outputs };
}

async function load(threads) {
  const folder = new URL("vendor/@litertjs/core/wasm/", self.location.href);
  const locateFile = (name) => new URL(name, folder).href;
  const print = (line) => void log.push(line);
  if (threads > 1 && !crossOriginIsolated) {
    throw new Error("This page gets no threads: it isn't at 127.0.0.1 or https. Attach the phone by adb, or give --threads 1.");
  }
  const mainScriptUrlOrBlob = locateFile("litert_wasm_threaded_internal.js");
  Object.assign(globalThis, { Module: { locateFile, mainScriptUrlOrBlob, print, printErr: print } });
  const library = await import(new URL("vendor/@litertjs/core/dist/index.js", self.location.href).href);
  await library.loadLiteRt(folder.href, { threads: threads > 1 });
  return library;
}

async function warmUpRuns(run, limits) {
  const samples = [];
  const begin = performance.now();
  while (samples.length < limits.min_warm_up || performance.now() - begin < 1e3 * limits.max_warm_up_s) {
    samples.push((await timed(run))[0]);
    if (isSettled(samples, limits)) return { samples, settled: true };
  }
  return { samples, settled: false };
}

/** The last min_warm_up runs vary by less than settled_cv: the rule of the harness's worker. */
function isSettled(samples, { min_warm_up: count, settled_cv: limit }) {
  if (count < 2 || samples.length < count) return false;
  const last = samples.slice(-count);
  const mean = last.reduce((sum, value) => sum + value, 0) / count;
  const variance = last.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  return Math.sqrt(variance) < limit * mean;
}

async function steadyRuns(run, limits) {
  const [samples, starts] = [[], []];
  const begin = performance.now();
  let outputs = [];
  while (!isEnough(samples.length, (performance.now() - begin) / 1e3, limits)) {
    starts.push((performance.now() - begin) / 1e3);
    const [ms, found] = await timed(run);
    samples.push(ms);
    outputs = found;
  }
  return { samples, starts, outputs };
}

function isEnough(runs, elapsedS, { rule, min_runs: minRuns, min_s: minS }) {
  if (rule === "both") return runs >= minRuns && elapsedS >= minS;
  return runs >= minRuns || (runs >= 1 && minS > 0 && elapsedS >= minS);
}

/** Milliseconds of the inference with its copies in and out, and the outputs' bytes. */
async function timed(run) {
  const start = performance.now();
  const outputs = await run();
  return [performance.now() - start, outputs];
}

async function onCpu(library, bytes, values, threads) {
  const wasm = library.getGlobalLiteRt().liteRtWasm;
  const environment = library.getDefaultEnvironment();
  const place = wasm._malloc(bytes.length);
  wasm.HEAPU8.set(bytes, place);
  const model = wasm.loadModel(environment.liteRtEnvironment, place, bytes.length);
  const options = { environment, accelerator: "wasm", cpuOptions: { numThreads: threads }, gpuOptions: {}, webNNOptions: {} };
  const compiled = await wasm.compileModel(environment.liteRtEnvironment, model, options);
  const types = values.map((_, index) => model.getInputTensorType(0, index));
  return async () => {
    const buffers = values.map((each, index) => hostBuffer(wasm, environment.liteRtEnvironment, types[index], each));
    const results = await compiled.run(0, buffers);
    buffers.forEach((buffer) => buffer.delete());
    return results.map((buffer) => copyOut(wasm, buffer));
  };
}

function hostBuffer(wasm, environment, type, bytes) {
  const buffer = wasm.LiteRtTensorBuffer.createManaged(environment, wasm.LiteRtTensorBufferType.HOST_MEMORY, type, bytes.length);
  wasm.HEAPU8.set(bytes, buffer.lock(wasm.LiteRtTensorBufferLockMode.WRITE));
  buffer.unlock();
  return buffer;
}

function copyOut(wasm, buffer) {
  const place = buffer.lock(wasm.LiteRtTensorBufferLockMode.READ);
  const bytes = wasm.HEAPU8.slice(place, place + buffer.packedSize());
  buffer.unlock();
  buffer.delete();
  return bytes;
}

async function onGpu(library, bytes, values) {
  if (library.getWebGpuDevice() === null) throw new Error("This browser offers no GPU to pages (WebGPU).");
  const model = await library.loadAndCompile(bytes, { accelerator: "webgpu" });
  const refused = log.filter((line) => line.includes(REFUSED) || line.includes("No support"));
  if (refused.length || model.options.accelerator !== "webgpu") {
    throw new Error(`The GPU doesn't take the whole model: ${refused.join(" ") || "LiteRT.js fell back to the CPU."}`);
  }
  const details = model.getInputDetails();
  return async () => {
    const named = details.map(({ name, shape }, index) => [name, new library.Tensor(new Float32Array(values[index].buffer), [...shape])]);
    const outputs = Object.values(await model.run(Object.fromEntries(named)));
    named.forEach(([, tensor]) => tensor.delete());
    const copies = [];
    for (const tensor of outputs) {
      copies.push(new Uint8Array((await tensor.data()).slice().buffer));
      tensor.delete();
    }
    return copies;
  };
}
