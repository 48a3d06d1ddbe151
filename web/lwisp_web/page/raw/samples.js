/** Uncompressed samples of a DNG: 8 to 16 bits, in strips or tiles, packed by rows as TIFF has them. */

import { RawError } from "../errors.js";

/** @import { Directory } from "./tiff.js" */

const BITS = 258;
const COMPRESSION = 259;
const STRIP_OFFSETS = 273;
const SAMPLES_PER_PIXEL = 277;
const ROWS_PER_STRIP = 278;
const STRIP_BYTES = 279;
const TILE_WIDTH = 322;
const TILE_HEIGHT = 323;
const TILE_OFFSETS = 324;
const TILE_BYTES = 325;
const FILL_ORDER = 266;
const SAMPLE_FORMAT = 339;
const LINEARIZATION = 50712;
const UNCOMPRESSED = 1;
const UNSIGNED = 1;

/** Whether samples can be read here; others need LibRaw. @param {Directory} raw */
export function isPlain(raw) {
  const bits = raw.integer(BITS) ?? 1;
  return (
    raw.integer(COMPRESSION) === UNCOMPRESSED &&
    bits >= 8 &&
    bits <= 16 &&
    (raw.integer(SAMPLES_PER_PIXEL) ?? 1) === 1 &&
    (raw.integer(FILL_ORDER) ?? 1) === 1 &&
    (raw.integer(SAMPLE_FORMAT) ?? UNSIGNED) === UNSIGNED &&
    !raw.has(LINEARIZATION)
  );
}

/**
 * The samples, row by row. Throws RawError if the file ends before them.
 *
 * @param {Directory} raw
 * @param {number} widthPx
 * @param {number} heightPx
 */
export function readPlainSamples(raw, widthPx, heightPx) {
  const tiled = raw.has(TILE_OFFSETS);
  const width = tiled ? (raw.integer(TILE_WIDTH) ?? 0) : widthPx;
  const height = tiled ? (raw.integer(TILE_HEIGHT) ?? 0) : Math.min(raw.integer(ROWS_PER_STRIP) ?? heightPx, heightPx);
  const offsets = raw.numbers(tiled ? TILE_OFFSETS : STRIP_OFFSETS);
  const lengths = raw.numbers(tiled ? TILE_BYTES : STRIP_BYTES);
  if (width < 1 || height < 1) throw new RawError(`The DNG has parts of ${width}x${height} px. It may be damaged.`);
  const across = Math.ceil(widthPx / width);
  const count = across * Math.ceil(heightPx / height);
  if (offsets.length < count || lengths.length < count) {
    throw new RawError(`The DNG lists ${offsets.length} parts of ${count}. The file may be damaged; copy it again.`);
  }
  const mosaic = new Uint16Array(widthPx * heightPx);
  for (let part = 0; part < count; part++) {
    const [left, top] = [(part % across) * width, Math.floor(part / across) * height];
    const rows = Math.min(height, heightPx - top);
    const columns = Math.min(width, widthPx - left);
    readPart(
      raw,
      { offset: offsets[part], bytes: lengths[part], width, rows, columns },
      mosaic,
      top * widthPx + left,
      widthPx,
    );
  }
  return mosaic;
}

/**
 * Where a strip or tile lies in the file, and what of it is in the picture.
 *
 * @typedef {{offset: number, bytes: number, width: number, rows: number, columns: number}} Part
 */

/**
 * @param {Directory} raw
 * @param {Part} part
 * @param {Uint16Array} mosaic
 * @param {number} start where the part's first sample goes
 * @param {number} rowPx
 */
function readPart(raw, part, mosaic, start, rowPx) {
  const bits = raw.integer(BITS) ?? 16;
  const rowBytes = Math.ceil((part.width * bits) / 8);
  const needed = (part.rows - 1) * rowBytes + Math.ceil((part.columns * bits) / 8);
  if (part.bytes < needed || part.offset + needed > raw.file.byteLength) {
    throw new RawError("The DNG ends before its samples do. The file is truncated; copy it again.");
  }
  for (let row = 0; row < part.rows; row++) {
    const at = part.offset + row * rowBytes;
    const target = mosaic.subarray(start + row * rowPx, start + row * rowPx + part.columns);
    if (bits === 16) for (let x = 0; x < target.length; x++) target[x] = raw.file.getUint16(at + 2 * x, raw.little);
    else unpackBits(raw.file, at, bits, target);
  }
}

/**
 * Samples of fewer than 16 bits follow one another, the highest bit first.
 *
 * @param {DataView} file
 * @param {number} at
 * @param {number} bits
 * @param {Uint16Array} target
 */
function unpackBits(file, at, bits, target) {
  let [held, count] = [0, 0];
  for (let x = 0; x < target.length; x++) {
    while (count < bits) {
      held = (held << 8) | file.getUint8(at++);
      count += 8;
    }
    count -= bits;
    target[x] = held >> count;
    held &= (1 << count) - 1;
  }
}
