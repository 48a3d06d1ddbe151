/**
 * A copy of a .tflite with one signature alone, made for one size of tile, with 32-bit weights.
 *
 * LiteRT.js can't resize inputs, and compiles every graph of a file. A signature takes any multiple of its own, so the
 * sizes of its graph's tensors, which are plain numbers in the file, are overwritten before it is loaded. Its XNNPACK
 * doesn't take 16-bit weights: they are widened, which is exact, so that half as much is downloaded.
 */

import { ContractError } from "../errors.js";
import { FlatTable } from "./flat-table.js";

/** @import { SignatureContract, TensorSpec } from "../contract.js" */

/** Field numbers of TensorFlow Lite's schema (schema.fbs). */
const MODEL = { operatorCodes: 1, subgraphs: 2, buffers: 4, signatures: 7 };
const OPERATOR_CODE = { oldCode: 0, code: 3 };
const SUBGRAPH = { tensors: 0, inputs: 1, outputs: 2, operators: 3 };
const OPERATOR = { codeIndex: 0, inputs: 1, outputs: 2 };
const TENSOR = { shape: 0, type: 1, buffer: 2, name: 3 };
const BUFFER = { data: 0 };
const SIGNATURE = { inputs: 0, key: 2, subgraph: 4 };
const NAMED = { name: 0, tensor: 1 };
const DEQUANTIZE = 6;
const FLOAT32 = 0;
const FLOAT16 = 1;
const ALIGNMENT = 16;

/**
 * @param {Uint8Array} bytes a .tflite whose hash was checked
 * @param {SignatureContract} signature
 * @param {TensorSpec[]} inputs the specs of its inputs
 * @param {{width: number, height: number}} tile packed px
 * @returns {Uint8Array<ArrayBuffer>} Throws ContractError if a tensor's size doesn't follow the inputs'.
 */
export function specialize(bytes, signature, inputs, tile) {
  const copy = bytes.slice();
  try {
    const model = FlatTable.root(new DataView(copy.buffer));
    const signatures = model.children(MODEL.signatures);
    const index = signatures.findIndex((each) => each.text(SIGNATURE.key) === signature.name);
    if (index < 0) throw new ContractError(`The model has no signature "${signature.name}". Export it again.`);
    const graphIndex = signatures[index].integer(SIGNATURE.subgraph);
    const graph = model.children(MODEL.subgraphs)[graphIndex];
    resize(graph, exportedSize(signatures[index], graph, inputs), tile);
    model.keepOnly(MODEL.signatures, [index]);
    model.keepOnly(MODEL.subgraphs, [graphIndex]);
    signatures[index].setInteger(SIGNATURE.subgraph, 0);
    return widenWeights(copy, model, graph);
  } catch (error) {
    if (error instanceof RangeError)
      throw new ContractError("The model file is damaged. Load the page again.", { cause: error });
    throw error;
  }
}

/**
 * The packed size that a graph is stored for, by its first input that isn't image-wide.
 *
 * @param {FlatTable} signature
 * @param {FlatTable} graph
 * @param {TensorSpec[]} inputs
 */
function exportedSize(signature, graph, inputs) {
  const spec = inputs.find((each) => each.resolution > 0);
  const input = signature.children(SIGNATURE.inputs).find((each) => each.text(NAMED.name) === spec?.name);
  if (!spec || !input) throw new ContractError(`The model has no input "${spec?.name}". Export it again.`);
  const shape = graph.children(SUBGRAPH.tensors)[input.integer(NAMED.tensor)].integers(TENSOR.shape);
  return { width: shape[2] / spec.resolution, height: shape[1] / spec.resolution };
}

/**
 * @param {FlatTable} graph
 * @param {{width: number, height: number}} from
 * @param {{width: number, height: number}} to
 */
function resize(graph, from, to) {
  const fed = fedTensors(graph);
  const tensors = graph.children(SUBGRAPH.tensors);
  const fixed = new Set(tensors.flatMap((tensor, at) => (fed.has(at) ? [] : tensor.elements(TENSOR.shape))));
  const written = new Set();
  tensors.forEach((tensor, at) => {
    const places = tensor.elements(TENSOR.shape);
    // Tensors of one shape may share its place in the file: each place is written once.
    if (!fed.has(at) || places.length !== 4 || written.has(places[0])) return;
    if (places.some((place) => fixed.has(place)))
      throw new ContractError("A weight shares its shape with a picture. Export again.");
    written.add(places[0]);
    const [height, width] = [1, 2].map((axis) => graph.file.getInt32(places[axis], true));
    // Means and maxima over the picture are one pixel at any size.
    if (height === 1 && width === 1) return;
    graph.file.setInt32(places[1], scaled(height, from.height, to.height, tensor), true);
    graph.file.setInt32(places[2], scaled(width, from.width, to.width, tensor), true);
  });
}

/** @param {number} side @param {number} from @param {number} to @param {FlatTable} tensor */
function scaled(side, from, to, tensor) {
  if ((side * to) % from !== 0) {
    throw new ContractError(`Tensor "${tensor.text(TENSOR.name)}": a side of ${side} px doesn't follow the input's.`);
  }
  return (side * to) / from;
}

/** Tensors that depend on the input: not weights, nor what only they are turned into. @param {FlatTable} graph */
function fedTensors(graph) {
  const fed = new Set(graph.integers(SUBGRAPH.inputs));
  for (const operator of graph.children(SUBGRAPH.operators)) {
    if (!operator.integers(OPERATOR.inputs).some((index) => fed.has(index))) continue;
    operator.integers(OPERATOR.outputs).forEach((index) => fed.add(index));
  }
  return fed;
}

/**
 * Turn 16-bit weights into 32-bit ones, behind the file's end, and take out the operators that did it in the graph.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {FlatTable} model
 * @param {FlatTable} graph
 */
function widenWeights(bytes, model, graph) {
  const [tensors, operators] = [graph.children(SUBGRAPH.tensors), graph.children(SUBGRAPH.operators)];
  const kinds = model
    .children(MODEL.operatorCodes)
    .map((code) => Math.max(code.byte(OPERATOR_CODE.oldCode), code.integer(OPERATOR_CODE.code)));
  /** The widened weight, by the tensor that the operator would have written. @type {Map<number, number>} */
  const replaced = new Map();
  const kept = operators.flatMap((operator, at) => {
    const [source] = operator.integers(OPERATOR.inputs);
    const isWidening =
      kinds[operator.integer(OPERATOR.codeIndex)] === DEQUANTIZE && tensors[source].byte(TENSOR.type) === FLOAT16;
    if (isWidening) replaced.set(operator.integers(OPERATOR.outputs)[0], source);
    return isWidening ? [] : [at];
  });
  if (!replaced.size) return bytes;
  rewire(graph, operators, replaced);
  graph.keepOnly(SUBGRAPH.operators, kept);
  return withFloats(
    bytes,
    model,
    [...new Set(replaced.values())].map((index) => tensors[index]),
  );
}

/** @param {FlatTable} graph @param {FlatTable[]} operators @param {Map<number, number>} replaced */
function rewire(graph, operators, replaced) {
  const places = [
    ...operators.flatMap((operator) => operator.elements(OPERATOR.inputs)),
    ...graph.elements(SUBGRAPH.outputs),
  ];
  for (const place of places) {
    const source = replaced.get(graph.file.getInt32(place, true));
    if (source !== undefined) graph.file.setInt32(place, source, true);
  }
}

/** @param {Uint8Array<ArrayBuffer>} bytes @param {FlatTable} model @param {FlatTable[]} tensors of 16-bit weights */
function withFloats(bytes, model, tensors) {
  const buffers = model.children(MODEL.buffers);
  /** Where each buffer's new data begin, behind its length. @type {Map<number, number>} */
  const places = new Map();
  let end = bytes.length;
  for (const tensor of tensors) {
    /** @type {DataView} */ (tensor.file).setInt8(/** @type {number} */ (tensor.place(TENSOR.type)), FLOAT32);
    const index = tensor.integer(TENSOR.buffer);
    if (places.has(index)) continue;
    places.set(index, Math.ceil((end + 4) / ALIGNMENT) * ALIGNMENT);
    end = /** @type {number} */ (places.get(index)) + 2 * (buffers[index].bytes(BUFFER.data)?.length ?? 0);
  }
  const wide = new Uint8Array(end);
  wide.set(bytes);
  const view = new DataView(wide.buffer);
  for (const [index, place] of places) {
    const halves = buffers[index].bytes(BUFFER.data);
    const field = buffers[index].place(BUFFER.data);
    if (!halves || field === null) throw new ContractError("A 16-bit weight has no data. Export the model again.");
    view.setUint32(field, place - 4 - field, true);
    view.setUint32(place - 4, 2 * halves.length, true);
    const words = new DataView(halves.buffer, halves.byteOffset, halves.length);
    for (let at = 0; at < halves.length; at += 2)
      view.setFloat32(place + 2 * at, halfToFloat(words.getUint16(at, true)), true);
  }
  return wide;
}

/** @param {number} half */
export function halfToFloat(half) {
  const [sign, exponent, fraction] = [half & 0x8000 ? -1 : 1, (half >> 10) & 31, half & 1023];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
