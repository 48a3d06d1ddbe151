/**
 * A bundle's contract.json: what a model takes and returns. Names are the file's own. Versions and stages of
 * pre-processing that this code doesn't know are refused: a stage that is left out gives a wrong picture.
 */

import { ContractError } from "./errors.js";

/**
 * @typedef {object} InputContract
 * @property {string[]} planes R, Gr, Gb, B, and noise for a network that is told it
 * @property {number} size_multiple of the packed sides
 * @property {boolean} subtract_black
 * @property {boolean} bad_pixels
 * @property {boolean} lens_shading
 * @property {boolean} white_balance
 * @property {number[][] | null} reference_to_srgb null: camera colour is left as it is
 * @property {"quad" | "smoothed"} color_shift
 * @property {number | null} exposure_knee null: exposure is a gain before white is clipped
 * @property {number} curve_offset
 * @property {number} noise_full_scale
 */

/**
 * One way to call the model. Sizes are in packed pixels.
 *
 * @typedef {object} SignatureContract
 * @property {string} name
 * @property {string[]} inputs
 * @property {string[]} outputs
 * @property {number} halo_px
 * @property {number} multiple_px
 * @property {number} macs_per_packed_px
 * @property {number} bytes_per_packed_px
 */

/**
 * @typedef {object} TensorSpec
 * @property {string} name
 * @property {"int8" | "float32"} dtype
 * @property {number | null} scale null for a float tensor
 * @property {number | null} zero_point
 * @property {number} channels
 * @property {number} resolution its pixels along a side per packed pixel; 0: image-wide, 1x1
 */

/** Crops along each side of the frame, and a crop's side. @typedef {{grid: number, crop_px: number}} ContextContract */

/** @typedef {"neutral" | "contrast"} RenderedTone */

/**
 * @typedef {object} ModelContract
 * @property {string} name
 * @property {"int8" | "fp16" | "float32"} precision
 * @property {InputContract} input
 * @property {ContextContract} context
 * @property {TensorSpec[]} tensors
 * @property {SignatureContract} whole
 * @property {SignatureContract} sample
 * @property {SignatureContract} develop
 * @property {SignatureContract[]} stages
 * @property {RenderedTone} rendered_tone
 * @property {number} contract_version
 */

/** @typedef {{file: string, sha256: string, bytes: number, contract: ModelContract}} ModelFile */

const BUNDLE_VERSION = 1;
const CONTRACT_VERSION = 2;
const MOSAIC_PLANES = "R,Gr,Gb,B";
const INPUT_KEYS = [
  "bad_pixels",
  "color_shift",
  "curve_offset",
  "exposure_knee",
  "lens_shading",
  "noise_full_scale",
  "planes",
  "reference_to_srgb",
  "size_multiple",
  "subtract_black",
  "white_balance",
];

/**
 * The models of a bundle. Throws ContractError on what this code can't honour.
 *
 * @param {any} tree the parsed contract.json
 * @returns {ModelFile[]}
 */
export function readBundle(tree) {
  if (tree?.bundle_version !== BUNDLE_VERSION || !Array.isArray(tree.models)) {
    throw new ContractError(`Bundle version ${tree?.bundle_version}; this page reads ${BUNDLE_VERSION}. Export again.`);
  }
  tree.models.forEach((/** @type {ModelFile} */ model) => checkContract(model.contract));
  return tree.models;
}

/** @param {ModelContract} contract */
function checkContract(contract) {
  if (contract?.contract_version !== CONTRACT_VERSION) {
    throw new ContractError(
      `Contract version ${contract?.contract_version}; this page reads ${CONTRACT_VERSION}. Export again, or update it.`,
    );
  }
  const unknown = Object.keys(contract.input).filter((key) => !INPUT_KEYS.includes(key));
  if (unknown.length) throw new ContractError(`The page doesn't know ${unknown.join(", ")} of the input. Update it.`);
  const planes = contract.input.planes.join();
  if (planes !== MOSAIC_PLANES && planes !== `${MOSAIC_PLANES},noise`) {
    throw new ContractError(`Planes ${planes} are unknown; ${MOSAIC_PLANES} and noise are read. Export again.`);
  }
  for (const { name, dtype } of contract.tensors) {
    if (dtype !== "int8" && dtype !== "float32")
      throw new ContractError(`Tensor ${name} is ${dtype}; int8 or float32 is read.`);
  }
}

/**
 * The tensor of a name. Throws ContractError if there's none.
 *
 * @param {ModelContract} contract
 * @param {string} name
 */
export function tensorSpec(contract, name) {
  const spec = contract.tensors.find((tensor) => tensor.name === name);
  if (!spec) throw new ContractError(`${contract.name}: the contract describes no tensor "${name}". Export again.`);
  return spec;
}

/** The packed planes. @param {ModelContract} contract */
export function inputSpec(contract) {
  return tensorSpec(contract, contract.whole.inputs[0]);
}

/** The picture. @param {ModelContract} contract */
export function outputSpec(contract) {
  return tensorSpec(contract, contract.whole.outputs[0]);
}

/** Whether the network is told the noise. @param {ModelContract} contract */
export function isToldNoise(contract) {
  return contract.input.planes.length > 4;
}
