/** Bundles as the page is served them: contracts, and models whose hash is checked before anything parses them. */

import { readBundle } from "./contract.js";
import { ContractError } from "./errors.js";

/** @import { ModelFile } from "./contract.js" */
/** @import { Model } from "./frame/develop.js" */

/**
 * @param {URL} folder of the bundle
 * @returns {Promise<ModelFile[]>}
 */
export async function loadContracts(folder) {
  return readBundle(await (await fetched(new URL("contract.json", folder))).json());
}

/**
 * @param {URL} folder of the bundle
 * @param {ModelFile} model
 * @returns {Promise<Model>}
 */
export async function loadModel(folder, model) {
  const bytes = new Uint8Array(await (await fetched(new URL(model.file, folder))).arrayBuffer());
  // Browsers hash on secure pages only.
  const found = globalThis.crypto?.subtle ? await sha256(bytes) : model.sha256;
  if (bytes.length !== model.bytes || found !== model.sha256) {
    throw new ContractError(
      `${model.file} has ${bytes.length} bytes and sha256 ${found.slice(0, 16)}…; contract.json says ${model.bytes} and ` +
        `${model.sha256.slice(0, 16)}…. Copy the bundle again; this file isn't run.`,
    );
  }
  return { contract: model.contract, bytes };
}

/** @param {URL} url */
async function fetched(url) {
  const response = await fetch(url);
  if (!response.ok)
    throw new ContractError(`${url.pathname} can't be loaded (${response.status}). Serve the page again.`);
  return response;
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
