/** The page: asks for the suite, has a worker run one case after another, and posts each result as it comes. */

const element = (id) => document.getElementById(id);
const client = identify();
let current = null;

/** Tells this browser from others of its model; it's made up here, and kept. */
function identify() {
  const made = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  try {
    const kept = localStorage.getItem("lwisp-bench") ?? made;
    localStorage.setItem("lwisp-bench", kept);
    return kept;
  } catch {
    return made;
  }
}

async function describe() {
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  return {
    client,
    user_agent: navigator.userAgent,
    cpus: navigator.hardwareConcurrency ?? null,
    gpu: adapter?.info ? [adapter.info.vendor, adapter.info.architecture, adapter.info.device].filter(Boolean).join(" ") : null,
    isolated: globalThis.crossOriginIsolated,
  };
}

async function post(path, body) {
  const response = await fetch(path, { method: "POST", body });
  if (!response.ok) throw new Error(`The host refused a result (${response.status}). Start lwisp bench serve again.`);
}

function runCase(each) {
  return new Promise((resolve) => {
    const worker = new Worker(new URL("runner.js", import.meta.url));
    const finish = (answer) => {
      worker.terminate();
      resolve(answer);
    };
    worker.onmessage = ({ data }) => finish(data);
    worker.onerror = (event) => finish({ error: event.message || "The worker couldn't start." });
    worker.postMessage(each);
  });
}

function show(each, text) {
  const line = document.createElement("li");
  line.textContent = `${each.name}: ${text}`;
  element("cases").append(line);
}

async function main() {
  const device = await describe();
  const cases = await (await fetch("cases.json")).json();
  for (const [index, each] of cases.entries()) {
    element("status").textContent = `Measuring ${each.name} …`;
    current = each.id;
    const { outputs = [], ...result } = await runCase(each);
    const report = { device, hidden: document.visibilityState !== "visible", ...result };
    const head = new TextEncoder().encode(JSON.stringify(report));
    const length = new Uint8Array(new Uint32Array([head.length]).buffer);
    await post(`results/${each.id}`, new Blob([length, head, ...outputs]));
    current = null;
    show(each, result.error ?? `median ${median(result.samples_ms).toFixed(1)} ms`);
    element("progress").value = (index + 1) / cases.length;
  }
  await post("finished", JSON.stringify(device));
  element("status").textContent = "Finished. The results are on the host.";
  document.documentElement.dataset.finished = "true";
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

addEventListener("pagehide", () => {
  if (current !== null) navigator.sendBeacon("left", JSON.stringify({ client, case: current }));
});
main().catch((error) => (element("status").textContent = String(error.message ?? error)));
