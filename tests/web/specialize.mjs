/**
 * Write a bundle's model, specialized: specialize.mjs CONTRACT MODEL SIGNATURE WIDTH HEIGHT OUTPUT; sides in packed px.
 */

import { readFileSync, writeFileSync } from "node:fs";

import { readBundle, tensorSpec } from "../../web/lwisp_web/page/contract.js";
import { specialize } from "../../web/lwisp_web/page/engine/specialize.js";

const [contractFile, file, name, width, height, output] = process.argv.slice(2);
const models = readBundle(JSON.parse(readFileSync(contractFile, "utf8")));
const { contract } = /** @type {any} */ (models.find((model) => file.endsWith(model.file)));
const signature = [contract.whole, contract.sample, contract.develop, ...contract.stages].find(
  (each) => each.name === name,
);
const inputs = signature.inputs.map((/** @type {string} */ each) => tensorSpec(contract, each));
const tile = { width: Number(width), height: Number(height) };
writeFileSync(output, specialize(new Uint8Array(readFileSync(file)), signature, inputs, tile));
