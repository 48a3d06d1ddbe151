/** The page's side of the worker: requests are answered one after another. */

/** @import { DevelopRequest, Finished } from "./darkroom.js" */

/**
 * What a request's answer is waited for with.
 *
 * @typedef {{resolve: (result: any) => void, reject: (error: Error) => void}} Waiting
 */

export class Darkroom {
  /** @param {(share: number) => void} onProgress */
  constructor(onProgress) {
    this.worker = new Worker(new URL("worker.js", import.meta.url));
    /** @type {Map<number, Waiting>} */
    this.waiting = new Map();
    this.count = 0;
    this.worker.onmessage = ({ data }) => {
      if ("progress" in data) onProgress(data.progress);
      else this.#settle(data);
    };
    this.worker.onerror = (event) => this.#failAll(new Error(event.message || "The worker couldn't start."));
  }

  /** @param {ArrayBuffer} file moved to the worker @returns {Promise<{widthPx: number, heightPx: number}>} */
  open(file) {
    return this.#send("open", { file }, [file]);
  }

  /** @param {DevelopRequest} request @returns {Promise<Finished>} */
  develop(request) {
    return this.#send("develop", request);
  }

  /** Give what is developed another tone. @param {DevelopRequest["tone"]} tone @returns {Promise<Finished>} */
  print(tone) {
    return this.#send("print", { tone });
  }

  /** The last picture as a PNG file. @returns {Promise<Blob>} */
  png() {
    return this.#send("png", {});
  }

  /** @param {string} name @param {object} request @param {Transferable[]} [moved] @returns {Promise<any>} */
  #send(name, request, moved = []) {
    return new Promise((resolve, reject) => {
      const id = this.count++;
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, name, request }, moved);
    });
  }

  /** @param {{id: number, result?: any, error?: string}} answer */
  #settle({ id, result, error }) {
    const { resolve, reject } = /** @type {Waiting} */ (this.waiting.get(id));
    this.waiting.delete(id);
    if (error === undefined) resolve(result);
    else reject(new Error(error));
  }

  /** @param {Error} error */
  #failAll(error) {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}
