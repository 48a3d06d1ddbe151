/** The form: what the user chose, and what can be chosen. */

import { loadContracts } from "./bundle.js";
import { isToldNoise } from "./contract.js";

/** @import { ModelFile } from "./contract.js" */
/** @import { DevelopRequest } from "./darkroom.js" */

const MODELS = new URL("models/", import.meta.url);
/** @type {Record<string, string>} */
const PRECISION_NAMES = { int8: "INT8 (smallest, fastest)", fp16: "Float", float32: "Float" };

/** @template {HTMLElement} T @param {string} id @param {new () => T} type @returns {T} */
function control(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new TypeError(`#${id} isn't a ${type.name}.`);
  return found;
}

const form = {
  tone: control("tone", HTMLSelectElement),
  exposure: control("exposure", HTMLInputElement),
  auto: control("auto", HTMLInputElement),
  denoise: control("denoise", HTMLInputElement),
  bundle: control("bundle", HTMLSelectElement),
  precision: control("precision", HTMLSelectElement),
  backend: control("backend", HTMLSelectElement),
};

export class Settings {
  /** @param {Record<string, ModelFile[]>} bundles by name */
  constructor(bundles) {
    this.bundles = bundles;
    form.bundle.replaceChildren(...Object.keys(bundles).map((name) => new Option(name)));
    this.#listPrecisions();
    form.bundle.addEventListener("change", () => this.#listPrecisions());
    form.backend.addEventListener("change", () => this.#matchPrecision());
    for (const each of [form.exposure, form.auto, form.denoise])
      each.addEventListener("input", () => this.#showValues());
    this.#offerBackends();
    this.#showValues();
  }

  /** The bundles that are served beside the page. */
  static async load() {
    const names = /** @type {string[]} */ (await (await fetch(new URL("index.json", MODELS))).json());
    const files = await Promise.all(names.map((name) => loadContracts(new URL(`${name}/`, MODELS))));
    return new Settings(Object.fromEntries(names.map((name, index) => [name, files[index]])));
  }

  /**
   * Call when the picture is to be made anew.
   *
   * @param {{onModel: () => void, onTone: () => void}} listeners onTone: where only the tone has changed
   */
  listen({ onModel, onTone }) {
    for (const [name, each] of Object.entries(form))
      each.addEventListener("change", name === "tone" ? onTone : onModel);
  }

  /** @returns {DevelopRequest} */
  read() {
    return {
      bundle: form.bundle.value,
      precision: /** @type {DevelopRequest["precision"]} */ (form.precision.value),
      backend: /** @type {DevelopRequest["backend"]} */ (form.backend.value),
      tone: /** @type {DevelopRequest["tone"]} */ (form.tone.value),
      exposureEv: form.auto.checked ? "auto" : form.exposure.valueAsNumber,
      denoise: form.denoise.disabled ? 1 : form.denoise.valueAsNumber,
    };
  }

  #listPrecisions() {
    const files = this.bundles[form.bundle.value];
    const chosen = form.precision.value;
    form.precision.replaceChildren(
      ...files.map(
        ({ contract: { precision } }) => new Option(PRECISION_NAMES[precision], precision, false, precision === chosen),
      ),
    );
    form.denoise.disabled = !isToldNoise(files[0].contract);
    control("denoise-hint", HTMLParagraphElement).hidden = !form.denoise.disabled;
    this.#matchPrecision();
  }

  /** LiteRT.js runs INT8 on the CPU alone. */
  #matchPrecision() {
    const onGpu = form.backend.value === "gpu";
    const options = [...form.precision.options];
    for (const option of options) option.disabled = onGpu && option.value === "int8";
    if (onGpu) form.precision.value = options.find((option) => !option.disabled)?.value ?? form.precision.value;
  }

  #offerBackends() {
    const gpu = form.backend.options[1];
    gpu.disabled = !("gpu" in navigator);
    const reasons = [
      ...(gpu.disabled ? ["The GPU needs a browser with WebGPU, and https or this machine's own address."] : []),
      ...(crossOriginIsolated ? [] : ["One CPU thread: the server doesn't isolate the page (COOP, COEP)."]),
    ];
    control("backend-hint", HTMLParagraphElement).textContent = reasons.join(" ");
  }

  #showValues() {
    form.exposure.disabled = form.auto.checked;
    const ev = form.exposure.valueAsNumber;
    control("exposure-value", HTMLOutputElement).value = form.auto.checked ? "auto" : `${ev > 0 ? "+" : ""}${ev} EV`;
    control("denoise-value", HTMLOutputElement).value = form.denoise.value;
  }
}
