/** Opcode lists of a DNG (specification 1.7.1, chapter 7): what is to be corrected in its samples. */

import { RawError } from "../errors.js";

/** @import { BadPixels, GainMap, MapAxis, Rectangle, VignetteRadial, WarpRectilinear } from "./frame.js" */
/** @import { Directory } from "./tiff.js" */

/**
 * Where a DNG's mosaic lies on the sensor, and its filters.
 *
 * @typedef {{widthPx: number, heightPx: number, active: Rectangle, cfa: string}} SensorArea
 */

/**
 * @typedef {object} Opcodes
 * @property {GainMap[]} gainMaps
 * @property {VignetteRadial[]} vignettes
 * @property {BadPixels[]} badPixels
 * @property {WarpRectilinear[]} warps
 * @property {string[]} leftOut names of optional ones that aren't honoured
 */

/** @typedef {{number: number, stage: number, isOptional: boolean, reader: Reader}} Opcode */

/** Tags of lists 1 to 3: on sensor values as read, on linear light, on linear RGB. */
const LIST_TAGS = [51008, 51009, 51022];
const NAMES = [
  "",
  "WarpRectilinear",
  "WarpFisheye",
  "FixVignetteRadial",
  "FixBadPixelsConstant",
  "FixBadPixelsList",
  "TrimBounds",
  "MapTable",
  "MapPolynomial",
  "GainMap",
  "DeltaPerRow",
  "DeltaPerColumn",
  "ScalePerRow",
  "ScalePerColumn",
  "WarpRectilinear2",
];
const HEAD_BYTES = 16;
const MAP_HEAD_BYTES = 76;
const MAX_OPCODES = 256;
/** Points of one map; phones write some hundreds. */
const MAX_MAP_POINTS = 1 << 18;
/** Points of all gain maps together, and bad pixels together. */
const MAX_POINTS = 1 << 20;
const MAX_RECTANGLES = 4096;
const MAX_PITCH = 1 << 20;
/** Gains above this belong to no lens; 4 is much. */
const MAX_GAIN = 64;
const VIGNETTE_SAMPLES = 1024;
const OPTIONAL = 1;

/** Reads big-endian numbers one after another: opcode lists are big endian whatever the file is. */
class Reader {
  /** @param {DataView} view @param {string} name */
  constructor(view, name) {
    this.view = view;
    this.name = name;
    this.at = 0;
  }

  get length() {
    return this.view.byteLength;
  }

  get remaining() {
    return this.view.byteLength - this.at;
  }

  unsigned() {
    this.at += 4;
    return this.view.getUint32(this.at - 4);
  }

  double() {
    this.at += 8;
    return this.view.getFloat64(this.at - 8);
  }

  float() {
    this.at += 4;
    return this.view.getFloat32(this.at - 4);
  }

  /** @param {number} bytes @param {string} name */
  slice(bytes, name) {
    const part = new DataView(this.view.buffer, this.view.byteOffset + this.at, bytes);
    this.at += bytes;
    return new Reader(part, name);
  }

  /** @param {number} bytes */
  expect(bytes) {
    if (this.length !== bytes) throw broken(this.name, `${this.length} bytes; ${bytes} fit`);
  }
}

/** @param {string} where @param {string} found */
function broken(where, found) {
  return new RawError(`The DNG's ${where} has ${found}. The file may be damaged; convert it to DNG again.`);
}

/**
 * Read the lists 1 to 3. Throws RawError on a broken list, and on an opcode that can't be honoured and isn't optional.
 *
 * @param {Directory} raw
 * @param {SensorArea} sensor
 * @returns {Opcodes}
 */
export function readOpcodes(raw, sensor) {
  /** @type {Opcodes} */
  const found = { gainMaps: [], vignettes: [], badPixels: [], warps: [], leftOut: [] };
  LIST_TAGS.forEach((tag, index) => {
    const content = raw.data(tag);
    for (const opcode of content ? split(content, index + 1) : []) {
      if (collect(opcode, sensor, found)) continue;
      if (!opcode.isOptional) throw unsupported(opcode);
      found.leftOut.push(opcode.reader.name);
    }
  });
  checkTotal(found);
  return found;
}

/** @param {DataView} content @param {number} stage @returns {Opcode[]} */
function split(content, stage) {
  const list = new Reader(content, `OpcodeList${stage}`);
  const count = list.length >= 4 ? list.unsigned() : -1;
  if (count < 0 || count > MAX_OPCODES) throw broken(list.name, `${count} opcodes; 0 to ${MAX_OPCODES} are read`);
  return Array.from({ length: count }, () => {
    if (list.remaining < HEAD_BYTES) throw broken(list.name, `${count} opcodes, but ends before`);
    const [number, , flags, bytes] = [list.unsigned(), list.unsigned(), list.unsigned(), list.unsigned()];
    if (bytes > list.remaining) throw broken(list.name, `an opcode of ${bytes} bytes, but ends before`);
    const reader = list.slice(bytes, NAMES[number] ?? `Opcode ${number}`);
    return { number, stage, isOptional: (flags & OPTIONAL) !== 0, reader };
  });
}

/**
 * Add what an opcode asks for. Returns whether it can be honoured.
 *
 * @param {Opcode} opcode
 * @param {SensorArea} sensor
 * @param {Opcodes} found
 */
function collect({ number, stage, reader }, sensor, found) {
  switch (`${number} in list ${stage}`) {
    case "1 in list 3":
      found.warps.push(readWarp(reader));
      return true;
    case "3 in list 2":
    case "3 in list 3":
      found.vignettes.push(readVignette(reader));
      return true;
    case "4 in list 1":
      reader.expect(8);
      found.badPixels.push({ constant: reader.unsigned(), points: [], rectangles: [] });
      return true;
    case "5 in list 1":
      found.badPixels.push(readBadList(reader, sensor));
      return true;
    case "9 in list 2":
      found.gainMaps.push(readGainMap(reader, sensor.active, 1).ofPlane(0));
      return true;
    case "9 in list 3": {
      const maps = readGainMap(reader, sensor.active, 3).ofColors(sensor.cfa);
      found.gainMaps.push(...(maps ?? []));
      return maps !== null;
    }
    default:
      return false;
  }
}

/** @param {Reader} reader @returns {VignetteRadial} */
function readVignette(reader) {
  reader.expect(7 * 8);
  const values = Array.from({ length: 7 }, () => reader.double());
  const vignette = { coefficients: values.slice(0, 5), centerX: values[5], centerY: values[6] };
  if (!values.slice(5).every((center) => center >= 0 && center <= 1)) {
    throw broken(reader.name, `a centre at ${values[5]}, ${values[6]}; 0 to 1 is needed`);
  }
  for (let sample = 0; sample <= VIGNETTE_SAMPLES; sample++) {
    const square = sample / VIGNETTE_SAMPLES;
    const gain = 1 + square * vignette.coefficients.reduceRight((sum, each) => each + square * sum, 0);
    if (!(gain > 0 && gain <= MAX_GAIN)) throw broken(reader.name, `gains outside of 0 to ${MAX_GAIN}`);
  }
  return vignette;
}

/** @param {Reader} reader @returns {WarpRectilinear} */
function readWarp(reader) {
  const planes = reader.length >= 4 ? reader.unsigned() : 0;
  if (planes !== 1 && planes !== 3) throw broken(reader.name, `${planes} planes; 1 or 3 are read`);
  reader.expect(4 + 8 * (6 * planes + 2));
  const coefficients = Array.from({ length: planes }, () => Array.from({ length: 6 }, () => reader.double()));
  const [centerX, centerY] = [reader.double(), reader.double()];
  const isSound = coefficients.flat().every(Number.isFinite);
  if (!isSound || ![centerX, centerY].every((center) => center >= 0 && center <= 1)) {
    throw broken(reader.name, `coefficients ${coefficients} around ${centerX}, ${centerY}`);
  }
  return { coefficients, centerX, centerY };
}

/** @param {Reader} reader @param {SensorArea} sensor @returns {BadPixels} */
function readBadList(reader, sensor) {
  if (reader.length < 12) throw broken(reader.name, `${reader.length} bytes`);
  reader.unsigned(); // the phase of the filters, which the file says elsewhere
  const [points, rectangles] = [reader.unsigned(), reader.unsigned()];
  if (points > MAX_POINTS || rectangles > MAX_RECTANGLES) {
    throw broken(reader.name, `${points} pixels and ${rectangles} rectangles; too many are listed`);
  }
  reader.expect(12 + 8 * points + 16 * rectangles);
  const singles = Array.from({ length: points }, () => readPoint(reader, sensor));
  const areas = Array.from({ length: rectangles }, () => readRectangle(reader, sensor));
  return {
    constant: null,
    points: singles.filter((each) => each !== null),
    rectangles: areas.filter((each) => each !== null),
  };
}

/** Row and column in the mosaic; null on the masked border. @param {Reader} reader @param {SensorArea} sensor */
function readPoint(reader, { widthPx, heightPx, active }) {
  const [row, column] = [reader.unsigned(), reader.unsigned()];
  if (row >= heightPx || column >= widthPx) throw broken(reader.name, "pixels beyond the sensor");
  const [y, x] = [row - active.top, column - active.left];
  return y >= 0 && y < active.height && x >= 0 && x < active.width ? [y, x] : null;
}

/**
 * In the mosaic; null on the masked border.
 *
 * @param {Reader} reader
 * @param {SensorArea} sensor
 * @returns {Rectangle | null}
 */
function readRectangle(reader, { widthPx, heightPx, active }) {
  const [top, left, bottom, right] = Array.from({ length: 4 }, () => reader.unsigned());
  if (top >= bottom || left >= right || bottom > heightPx || right > widthPx) {
    throw broken(reader.name, "a rectangle that is empty or beyond the sensor");
  }
  const [y, x] = [Math.max(top - active.top, 0), Math.max(left - active.left, 0)];
  const height = Math.min(bottom - active.top, active.height) - y;
  const width = Math.min(right - active.left, active.width) - x;
  return height > 0 && width > 0 ? { left: x, top: y, width, height } : null;
}

/**
 * One GainMap's parameters, checked.
 *
 * @param {Reader} reader
 * @param {Rectangle} area
 * @param {number} planes of the picture that the opcode is for: 1 for a mosaic, 3 for R, G, B
 */
function readGainMap(reader, area, planes) {
  if (reader.length < MAP_HEAD_BYTES)
    throw broken(reader.name, `${reader.length} bytes; at least ${MAP_HEAD_BYTES} are needed`);
  const [top, left, bottom, right, first, count] = Array.from({ length: 6 }, () => reader.unsigned());
  const [rowPitch, columnPitch] = Array.from({ length: 2 }, () => Math.min(reader.unsigned(), MAX_PITCH));
  const [rows, columns] = [reader.unsigned(), reader.unsigned()];
  const [rowSpacing, columnSpacing, rowOrigin, columnOrigin] = Array.from({ length: 4 }, () => reader.double());
  const mapPlanes = reader.unsigned();
  const points = rows * columns * mapPlanes;
  if (!(points >= 1 && points <= MAX_MAP_POINTS) || reader.length - MAP_HEAD_BYTES !== 4 * points) {
    throw broken(reader.name, `${rows}x${columns}x${mapPlanes} points in ${reader.length} bytes`);
  }
  if (top >= Math.min(bottom, area.height) || left >= Math.min(right, area.width)) {
    throw broken(reader.name, `the area ${top}, ${left}, ${bottom}, ${right}, which holds none of the picture`);
  }
  if (count < 1 || first >= planes) throw broken(reader.name, `${count} planes from ${first} on; there are ${planes}`);
  const gains = Float32Array.from({ length: points }, () => reader.float());
  if (!gains.every((gain) => gain > 0 && gain <= MAX_GAIN))
    throw broken(reader.name, `gains outside of 0 to ${MAX_GAIN}`);
  const down = readAxis(reader, rows, rowOrigin, rowSpacing, top, Math.min(bottom, area.height), rowPitch);
  const across = readAxis(reader, columns, columnOrigin, columnSpacing, left, Math.min(right, area.width), columnPitch);
  return new PlaneMaps(down, across, gains, mapPlanes, first, Math.min(first + count, planes));
}

/**
 * A single point has no neighbour to lie between.
 *
 * @param {Reader} reader @param {number} count @param {number} origin @param {number} spacing @param {number} start
 * @param {number} stop @param {number} pitch
 * @returns {MapAxis}
 */
function readAxis(reader, count, origin, spacing, start, stop, pitch) {
  if (count === 1) return { count, origin: 0, spacing: 1, start, stop, pitch };
  if (!Number.isFinite(origin) || !(spacing > 0) || !Number.isFinite(spacing) || pitch < 1) {
    throw broken(reader.name, `${count} points from ${origin} on at a spacing of ${spacing}`);
  }
  return { count, origin, spacing, start, stop, pitch };
}

/** A map's points for each plane; where it has fewer planes than the picture, its last one stands for the rest. */
class PlaneMaps {
  /**
   * @param {MapAxis} down
   * @param {MapAxis} across
   * @param {Float32Array} gains
   * @param {number} mapPlanes
   * @param {number} first
   * @param {number} last
   */
  constructor(down, across, gains, mapPlanes, first, last) {
    this.down = down;
    this.across = across;
    this.gains = gains;
    this.mapPlanes = mapPlanes;
    this.first = first;
    this.last = last;
  }

  /** @param {number} plane @param {MapAxis} [down] @param {MapAxis} [across] @returns {GainMap} */
  ofPlane(plane, down = this.down, across = this.across) {
    const chosen = Math.min(plane, this.mapPlanes - 1);
    return { down, across, gains: this.gains.filter((_, at) => at % this.mapPlanes === chosen) };
  }

  /** A map of R, G and B as maps of the mosaic's sites; null if it leaves rows or columns out. @param {string} cfa */
  ofColors(cfa) {
    if (this.down.pitch !== 1 || this.across.pitch !== 1) return null;
    if (this.last - this.first === 3 && this.mapPlanes === 1) return [this.ofPlane(0)];
    return [...cfa].flatMap((letter, site) => {
      const color = "RGB".indexOf(letter);
      const [row, column] = [ofPhase(this.down, site >> 1), ofPhase(this.across, site & 1)];
      const isMeant = color >= this.first && color < this.last && row !== null && column !== null;
      return isMeant ? [this.ofPlane(color, row, column)] : [];
    });
  }
}

/**
 * Every second row (or column) of a map, from the first of this phase (0 or 1) on; null if there is none.
 *
 * @param {MapAxis} axis
 * @param {number} phase
 */
function ofPhase(axis, phase) {
  const start = axis.start + ((phase + axis.start) % 2);
  return start < axis.stop ? { ...axis, start, pitch: 2 } : null;
}

/** @param {Opcode} opcode */
function unsupported({ reader, stage }) {
  return new RawError(
    `The DNG asks for ${reader.name} (OpcodeList${stage}), which this page can't do and which isn't marked optional. ` +
      "Develop the file with the lwisp command, or convert it with Adobe DNG Converter.",
  );
}

/** Refuse maps that are small each and large together. @param {Opcodes} found */
function checkTotal({ gainMaps, badPixels }) {
  const points = gainMaps.reduce((sum, map) => sum + map.gains.length, 0);
  const pixels = badPixels.reduce((sum, bad) => sum + bad.points.length + bad.rectangles.length, 0);
  if (Math.max(points, pixels) > MAX_POINTS) throw broken("opcode lists", `${points} gains and ${pixels} bad pixels`);
  for (let site = 0; site < 4; site++) {
    const touching = gainMaps.filter(({ down, across }) => touches(down, site >> 1) && touches(across, site & 1));
    const gain = touching.reduce((product, map) => product * map.gains.reduce((a, b) => Math.max(a, b)), 1);
    if (!(gain <= MAX_GAIN)) throw broken("opcode lists", `overlapping GainMaps with gains up to ${gain}`);
  }
}

/** Whether a map can reach rows (or columns) of this phase. @param {MapAxis} axis @param {number} phase */
function touches({ pitch, start }, phase) {
  return pitch % 2 === 1 || start % 2 === phase;
}
