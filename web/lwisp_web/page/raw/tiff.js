/** TIFF: directories and the values of their tags, read when asked for. Everything is checked: files may be hostile. */

import { RawError } from "../errors.js";

/** Directories of a DNG have some hundred tags at most. */
const MAX_ENTRIES = 4096;
/** Values of one tag; a black level for each column of a sensor is the most. */
const MAX_NUMBERS = 1 << 16;
/** Bytes of one tag; phones' opcode lists have some ten thousand. */
const MAX_DATA_BYTES = 1 << 24;
const MAX_TEXT_BYTES = 256;
const MAX_SUB_DIRECTORIES = 64;
const ASCII = 2;
const SUB_DIRECTORIES = 330;
const ENTRY_BYTES = 12;
/** Bytes per value of TIFF's types 1 to 13. */
const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4];
const DAMAGED = "The file is truncated or damaged; copy it again.";

/** What a tag's values are and where they lie. @typedef {{type: number, count: number, place: number}} Entry */

export class Directory {
  /** @param {DataView} file @param {boolean} little byte order @param {Map<number, Entry>} entries */
  constructor(file, little, entries) {
    this.file = file;
    this.little = little;
    this.entries = entries;
  }

  /** @param {number} tag */
  has(tag) {
    return this.entries.has(tag);
  }

  /**
   * A tag's values as numbers, rationals divided; empty if the tag isn't there.
   *
   * @param {number} tag
   * @returns {number[]}
   */
  numbers(tag) {
    const entry = this.entries.get(tag);
    if (!entry) return [];
    if (entry.type === ASCII || entry.count > MAX_NUMBERS) {
      throw new RawError(`Tag ${tag} has ${entry.count} values of type ${entry.type}; numbers are needed. ${DAMAGED}`);
    }
    const values = Array.from({ length: entry.count }, (_, index) => this.#number(entry, index));
    if (!values.every(Number.isFinite)) throw new RawError(`Tag ${tag} has a number that isn't finite. ${DAMAGED}`);
    return values;
  }

  /** A tag's first value as a whole number; null if the tag isn't there. @param {number} tag */
  integer(tag) {
    const [first] = this.numbers(tag);
    return first === undefined ? null : Math.trunc(first);
  }

  /** A tag's bytes as they are; null if the tag isn't there. @param {number} tag */
  data(tag) {
    const entry = this.entries.get(tag);
    if (!entry) return null;
    const bytes = entry.count * TYPE_BYTES[entry.type];
    if (bytes > MAX_DATA_BYTES) throw new RawError(`Tag ${tag} has ${bytes} bytes; ${MAX_DATA_BYTES} are read.`);
    return new DataView(this.file.buffer, this.file.byteOffset + entry.place, bytes);
  }

  /** A tag's text up to its first NUL; empty if there is none. @param {number} tag */
  text(tag) {
    const entry = this.entries.get(tag);
    if (entry?.type !== ASCII) return "";
    const bytes = new Uint8Array(
      this.file.buffer,
      this.file.byteOffset + entry.place,
      Math.min(entry.count, MAX_TEXT_BYTES),
    );
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end)).trim();
  }

  /** @param {Entry} entry @param {number} index */
  #number({ type, place }, index) {
    const { file, little } = this;
    const at = place + index * TYPE_BYTES[type];
    switch (type) {
      case 6:
        return file.getInt8(at);
      case 3:
        return file.getUint16(at, little);
      case 8:
        return file.getInt16(at, little);
      case 4:
      case 13:
        return file.getUint32(at, little);
      case 9:
        return file.getInt32(at, little);
      case 5:
        return quotient(file.getUint32(at, little), file.getUint32(at + 4, little));
      case 10:
        return quotient(file.getInt32(at, little), file.getInt32(at + 4, little));
      case 11:
        return file.getFloat32(at, little);
      case 12:
        return file.getFloat64(at, little);
      default:
        return file.getUint8(at);
    }
  }
}

/** 0/0 is how cameras write that they don't know. @param {number} above @param {number} below */
function quotient(above, below) {
  return above === 0 && below === 0 ? 0 : above / below;
}

/**
 * The file's first directory and its sub-directories; null if this isn't a TIFF. Throws RawError if one is damaged.
 *
 * @param {DataView} file
 * @returns {Directory[] | null}
 */
export function readDirectories(file) {
  const mark = file.byteLength >= 8 ? file.getUint32(0) : 0;
  const little = mark === 0x49492a00;
  if (!little && mark !== 0x4d4d002a) return null;
  const first = readDirectory(file, little, file.getUint32(4, little));
  const places = first.numbers(SUB_DIRECTORIES).slice(0, MAX_SUB_DIRECTORIES);
  return [first, ...places.map((place) => readDirectory(file, little, place))];
}

/** @param {DataView} file @param {boolean} little @param {number} offset */
function readDirectory(file, little, offset) {
  const broken = new RawError(`A directory of the file is broken. ${DAMAGED}`);
  if (offset < 8 || offset > file.byteLength - 2) throw broken;
  const count = file.getUint16(offset, little);
  if (count > MAX_ENTRIES || offset + 2 + ENTRY_BYTES * count > file.byteLength) throw broken;
  /** @type {Map<number, Entry>} */
  const entries = new Map();
  for (let at = offset + 2; at < offset + 2 + ENTRY_BYTES * count; at += ENTRY_BYTES) {
    const [tag, type, values] = [
      file.getUint16(at, little),
      file.getUint16(at + 2, little),
      file.getUint32(at + 4, little),
    ];
    if (type < 1 || type > 13) continue;
    const bytes = values * TYPE_BYTES[type];
    const place = bytes <= 4 ? at + 8 : file.getUint32(at + 8, little);
    if (place + bytes > file.byteLength) throw broken;
    entries.set(tag, { type, count: values, place });
  }
  return new Directory(file, little, entries);
}
