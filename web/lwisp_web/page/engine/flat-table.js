/** FlatBuffers: one table's fields by their number in the schema, read and overwritten in place. */

import { ContractError } from "../errors.js";

export class FlatTable {
  /** @param {DataView} file @param {number} start */
  constructor(file, start) {
    this.file = file;
    this.start = start;
  }

  /** @param {DataView} file */
  static root(file) {
    return new FlatTable(file, file.getUint32(0, true));
  }

  /** Where a field's value is; null if it has its default. @param {number} field */
  place(field) {
    const table = this.start - this.file.getInt32(this.start, true);
    const entry = 4 + 2 * field;
    if (entry >= this.file.getUint16(table, true)) return null;
    const offset = this.file.getUint16(table + entry, true);
    return offset === 0 ? null : this.start + offset;
  }

  /** Where a vector's elements are, four bytes each. @param {number} field @returns {number[]} */
  elements(field) {
    const at = this.#vector(field);
    return at === null ? [] : Array.from({ length: this.#length(at, 4) }, (_, index) => at + 4 + 4 * index);
  }

  /** A vector of 32-bit integers. @param {number} field */
  integers(field) {
    return this.elements(field).map((place) => this.file.getInt32(place, true));
  }

  /** A vector of tables. @param {number} field */
  children(field) {
    return this.elements(field).map((place) => new FlatTable(this.file, this.#follow(place)));
  }

  /** A vector's bytes; null where there is none. @param {number} field */
  bytes(field) {
    const at = this.#vector(field);
    if (at === null) return null;
    return new Uint8Array(this.file.buffer, this.file.byteOffset + at + 4, this.#length(at, 1));
  }

  /** @param {number} field */
  text(field) {
    return new TextDecoder().decode(this.bytes(field) ?? new Uint8Array());
  }

  /** @param {number} field */
  integer(field) {
    const place = this.place(field);
    return place === null ? 0 : this.file.getInt32(place, true);
  }

  /** @param {number} field */
  byte(field) {
    const place = this.place(field);
    return place === null ? 0 : this.file.getInt8(place);
  }

  /**
   * Overwrite an integer that the file holds; an absent one has its default, 0.
   *
   * @param {number} field
   * @param {number} value
   */
  setInteger(field, value) {
    const place = this.place(field);
    if (place !== null) this.file.setInt32(place, value, true);
  }

  /** Shorten a vector of tables to some of them, in order. @param {number} field @param {number[]} indices */
  keepOnly(field, indices) {
    const at = this.#vector(field);
    if (at === null) return;
    const targets = indices.map((index) => this.#follow(at + 4 + 4 * index));
    // Places are relative, and tables lie behind the vectors that name them.
    targets.forEach((target, slot) => this.file.setUint32(at + 4 + 4 * slot, target - (at + 4 + 4 * slot), true));
    this.file.setUint32(at, targets.length, true);
  }

  /** @param {number} field */
  #vector(field) {
    const place = this.place(field);
    return place === null ? null : this.#follow(place);
  }

  /** @param {number} place */
  #follow(place) {
    return place + this.file.getUint32(place, true);
  }

  /** @param {number} at @param {number} elementBytes */
  #length(at, elementBytes) {
    const length = this.file.getUint32(at, true);
    if (at + 4 + length * elementBytes > this.file.byteLength) throw new ContractError("The model file is damaged.");
    return length;
  }
}
