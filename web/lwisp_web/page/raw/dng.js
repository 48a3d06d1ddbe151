/** DNG: the mosaic of a file and what its tags say of it (DNG specification 1.7.1, chapter 4). */

import { RawError } from "../errors.js";
import { roundHalfEven } from "../engine/quantization.js";
import { asShot } from "./as-shot.js";
import { CFA_OFFSETS_PX } from "./cfa.js";
import { readOpcodes } from "./dng-opcodes.js";
import { isPlain, readPlainSamples } from "./samples.js";
import { readDirectories } from "./tiff.js";

/** @import { NoiseProfile, RawFrame, Rectangle } from "./frame.js" */
/** @import { Directory } from "./tiff.js" */

/**
 * Samples decoded elsewhere, of the whole sensor.
 *
 * @typedef {{widthPx: number, heightPx: number, samples: Uint16Array}} Decoded
 */
/**
 * Decodes samples that aren't plain: compressed or linearised ones.
 *
 * @typedef {(file: Uint8Array<ArrayBuffer>) => Promise<Decoded>} Decoder
 */

const SUBFILE_TYPE = 254;
const WIDTH = 256;
const HEIGHT = 257;
const BITS = 258;
const PHOTOMETRIC = 262;
const ORIENTATION = 274;
const CFA_DIMENSIONS = 33421;
const CFA_PATTERN = 33422;
const DNG_VERSION = 50706;
const BLACK_DIMENSIONS = 50713;
const BLACK = 50714;
const BLACK_BY_COLUMN = 50715;
const BLACK_BY_ROW = 50716;
const WHITE = 50717;
const CROP_ORIGIN = 50719;
const CROP_SIZE = 50720;
const BASELINE_EXPOSURE = 50730;
const ACTIVE_AREA = 50829;
const NOISE_PROFILE = 51041;
const BASELINE_EXPOSURE_OFFSET = 51109;
const MOSAIC_PHOTOMETRIC = 32803;
const MAX_BASELINE_EV = 10;
/** The largest frame that is read, before memory is taken. */
const MAX_PIXELS = 200e6;

/** Tags that change the picture in a converter that follows them. */
const NOT_HONOURED = [
  [50711, "CFALayout"],
  [50718, "DefaultScale"],
  [50937, "ProfileHueSatMap"],
  [50940, "ProfileToneCurve"],
  [50981, "ProfileLookTable"],
  [51125, "DefaultUserCrop"],
  [52525, "ProfileGainTableMap"],
  [52531, "ColorMatrix3"],
  [52543, "RGBTables"],
  [52544, "ProfileGainTableMap2"],
];
/** The values that say "leave it as it is". @type {Record<number, string>} */
const NEUTRAL_VALUES = { 50711: "1", 50718: "1,1", 51125: "0,0,1,1" };

/**
 * Read a DNG with a Bayer mosaic. Throws RawError that says what the file is instead.
 *
 * @param {Uint8Array<ArrayBuffer>} file
 * @param {Decoder} decode
 * @returns {Promise<RawFrame>}
 */
export async function readDng(file, decode) {
  const directories = readDirectories(new DataView(file.buffer, file.byteOffset, file.byteLength));
  if (!directories?.[0].has(DNG_VERSION)) throw new RawError(explainOther(file));
  const [main] = directories;
  const raw = mosaicDirectory(directories);
  const { widthPx, heightPx } = checkedSize(raw);
  const active = activeArea(raw, widthPx, heightPx);
  const cfa = filterOrder(raw);
  const opcodes = readOpcodes(raw, { widthPx, heightPx, active, cfa });
  const color = asShot(main);
  const noiseProfile = readNoise(main, raw);
  const samples = await readSamples(file, raw, widthPx, heightPx, decode);
  const frame = {
    mosaic: cut(samples, widthPx, heightPx, active),
    widthPx: active.width,
    heightPx: active.height,
    cfa,
    blackLevel: blackLevels(raw),
    whiteLevel: whiteLevel(raw),
    wbGains: color.gains,
    cameraToSrgb: color.cameraToSrgb,
    orientation: main.integer(ORIENTATION) ?? 1,
    gainMaps: opcodes.gainMaps,
    vignettes: opcodes.vignettes,
    badPixels: opcodes.badPixels,
    warps: opcodes.warps,
    baselineExposureEv: baselineExposure(main),
    noiseProfile,
    picture: defaultCrop(raw, active),
    notes: notHonoured(main, raw, opcodes.leftOut),
  };
  checkFrame(frame);
  return frame;
}

/** What a file is that isn't a DNG. @param {Uint8Array} file */
function explainOther(file) {
  const head = String.fromCharCode(...file.subarray(0, 12));
  if (head.startsWith("\xff\xd8"))
    return "This is a JPEG, no RAW file. Choose the DNG that the camera saved beside it.";
  if (head.includes("ftyp")) return "This is HEIC, CR3 or a video, no DNG. Convert a CR3 with Adobe DNG Converter.";
  return "This isn't a DNG. Convert other RAW files with Adobe DNG Converter, or use the lwisp command.";
}

/** @param {Directory[]} directories */
function mosaicDirectory(directories) {
  const mosaics = directories.filter((each) => each.integer(PHOTOMETRIC) === MOSAIC_PHOTOMETRIC);
  const raw = mosaics.find((each) => (each.integer(SUBFILE_TYPE) ?? 0) === 0) ?? mosaics[0];
  if (!raw)
    throw new RawError("The DNG contains no mosaic: it's already demosaiced (a linear DNG). Use the lwisp command.");
  return raw;
}

/** @param {Directory} raw */
function checkedSize(raw) {
  const [widthPx, heightPx] = [raw.integer(WIDTH) ?? 0, raw.integer(HEIGHT) ?? 0];
  if (widthPx < 2 || heightPx < 2 || widthPx * heightPx > MAX_PIXELS) {
    throw new RawError(`The DNG declares ${widthPx}x${heightPx} px; 2x2 to ${MAX_PIXELS / 1e6} megapixels are read.`);
  }
  return { widthPx, heightPx };
}

/** @param {Directory} raw @param {number} width @param {number} height @returns {Rectangle} */
function activeArea(raw, width, height) {
  const area = raw.numbers(ACTIVE_AREA);
  if (!area.length) return { left: 0, top: 0, width, height };
  const [top, left, bottom, right] = area.map(Math.trunc);
  if (
    area.length !== 4 ||
    top < 0 ||
    left < 0 ||
    bottom > height ||
    right > width ||
    bottom - top < 2 ||
    right - left < 2
  ) {
    throw new RawError(`The DNG's active area ${area} leaves its ${width}x${height} px. Convert the file.`);
  }
  return { left, top, width: right - left, height: bottom - top };
}

/** Filters at the active area's top left: CFAPattern begins there. @param {Directory} raw */
function filterOrder(raw) {
  const letters = raw
    .numbers(CFA_PATTERN)
    .map((color) => "RGBCMYW"[color] ?? "?")
    .join("");
  if (raw.numbers(CFA_DIMENSIONS).join() !== "2,2" || !(letters in CFA_OFFSETS_PX)) {
    throw new RawError(`The DNG's filters are ${letters || "unknown"}, not a 2x2 Bayer cell. Use another converter.`);
  }
  return letters;
}

/**
 * @param {Uint8Array<ArrayBuffer>} file
 * @param {Directory} raw
 * @param {number} widthPx
 * @param {number} heightPx
 * @param {Decoder} decode
 */
async function readSamples(file, raw, widthPx, heightPx, decode) {
  if (isPlain(raw)) return readPlainSamples(raw, widthPx, heightPx);
  const decoded = await decode(file);
  if (decoded.widthPx !== widthPx || decoded.heightPx !== heightPx) {
    throw new RawError(
      `LibRaw decodes ${decoded.widthPx}x${decoded.heightPx} samples; the DNG describes ${widthPx}x${heightPx}. ` +
        "Convert the file with Adobe DNG Converter.",
    );
  }
  return decoded.samples;
}

/** @param {Uint16Array} samples @param {number} widthPx @param {number} heightPx @param {Rectangle} area */
function cut(samples, widthPx, heightPx, area) {
  if (area.width === widthPx && area.height === heightPx) return samples;
  const part = new Uint16Array(area.width * area.height);
  for (let row = 0; row < area.height; row++) {
    const start = (area.top + row) * widthPx + area.left;
    part.set(samples.subarray(start, start + area.width), row * area.width);
  }
  return part;
}

/** The lowest level that saturates. @param {Directory} raw */
function whiteLevel(raw) {
  const levels = raw.numbers(WHITE);
  return levels.length ? Math.min(...levels) : 2 ** (raw.integer(BITS) ?? 16) - 1;
}

/** Black per site of the cell: the pattern's, and the mean of its changes by row and column. @param {Directory} raw */
function blackLevels(raw) {
  const pattern = blackPattern(raw);
  const [byRow, byColumn] = [BLACK_BY_ROW, BLACK_BY_COLUMN].map((tag) => halves(raw.numbers(tag)));
  return pattern.map((level, site) => Math.max(level + byRow[site >> 1] + byColumn[site & 1], 0));
}

/** Of a pattern larger than the cell, the mean per site. @param {Directory} raw */
function blackPattern(raw) {
  const levels = raw.has(BLACK) ? raw.numbers(BLACK) : [0];
  const [rows, columns] = raw.has(BLACK_DIMENSIONS) ? raw.numbers(BLACK_DIMENSIONS) : [1, 1];
  if (!(rows >= 1 && columns >= 1) || rows * columns !== levels.length) {
    throw new RawError(`The DNG's BlackLevel has ${levels.length} values for ${rows}x${columns} sites. Convert it.`);
  }
  const isLarge = Math.max(rows, columns) > 2;
  return [0, 1, 2, 3].map((site) => {
    const [top, left] = [(site >> 1) % rows, (site & 1) % columns];
    const found = levels.filter((_, at) => {
      const [row, column] = [Math.floor(at / columns), at % columns];
      return isLarge
        ? row >= top && (row - top) % 2 === 0 && column >= left && (column - left) % 2 === 0
        : row === top && column === left;
    });
    return mean(found);
  });
}

/** Means of the values for even rows (or columns) and for odd ones. @param {number[]} changes */
function halves(changes) {
  if (!changes.length) return [0, 0];
  return [0, 1].map((phase) => mean(changes.filter((_, at) => at % 2 === phase || changes.length <= phase)));
}

/** @param {number[]} values */
function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** @param {Directory} main */
function baselineExposure(main) {
  return [BASELINE_EXPOSURE, BASELINE_EXPOSURE_OFFSET].reduce((sum, tag) => sum + (main.numbers(tag)[0] ?? 0), 0);
}

/**
 * One pair for all colours, three, or four (R, Gr, Gb, B); null where they can't be used.
 *
 * @param {Directory} main
 * @param {Directory} raw
 * @returns {NoiseProfile | null}
 */
function readNoise(main, raw) {
  // The specification has it in the mosaic's directory; old writers put it into the first.
  const values = (raw.has(NOISE_PROFILE) ? raw : main).numbers(NOISE_PROFILE);
  if (![2, 6, 8].includes(values.length) || !values.some((value) => value > 0) || values.some((value) => value < 0))
    return null;
  const [scale, offset] = [0, 1].map((part) => values.filter((_, at) => at % 2 === part));
  const ofColors = (/** @type {number[]} */ each) =>
    each.length === 1
      ? [each[0], each[0], each[0]]
      : each.length === 3
        ? each
        : [each[0], (each[1] + each[2]) / 2, each[3]];
  return { scale: ofColors(scale), offset: ofColors(offset) };
}

/**
 * DefaultCrop within the mosaic, rounded to pixels; the whole mosaic if the file doesn't say.
 *
 * @param {Directory} raw
 * @param {Rectangle} active
 * @returns {Rectangle}
 */
function defaultCrop(raw, active) {
  const size = raw.numbers(CROP_SIZE);
  if (!size.length) return { left: 0, top: 0, width: active.width, height: active.height };
  const origin = raw.has(CROP_ORIGIN) ? raw.numbers(CROP_ORIGIN) : [0, 0];
  if (origin.length !== 2 || size.length !== 2 || Math.min(...origin) < 0 || Math.min(...size) < 2) {
    throw new RawError(`The DNG's default crop begins at ${origin} and has the size ${size}. Convert the file.`);
  }
  const [left, top] = origin.map(roundHalfEven);
  const [width, height] = size.map(roundHalfEven);
  const inside = {
    left,
    top,
    width: Math.min(width, active.width - left),
    height: Math.min(height, active.height - top),
  };
  if (Math.min(inside.width, inside.height) < 2) {
    throw new RawError(`The DNG's default crop at ${origin} leaves nothing of the picture. Convert the file.`);
  }
  return inside;
}

/** @param {Directory} main @param {Directory} raw @param {string[]} leftOut */
function notHonoured(main, raw, leftOut) {
  const tags = NOT_HONOURED.filter(([tag]) =>
    [main, raw].some((each) => each.has(Number(tag)) && !isNeutral(each, Number(tag))),
  );
  const names = [...new Set([...tags.map(([, name]) => name), ...leftOut])];
  return names.length ? [`The file asks for what isn't honoured: ${names.join(", ")}.`] : [];
}

/** @param {Directory} owner @param {number} tag */
function isNeutral(owner, tag) {
  return tag in NEUTRAL_VALUES && NEUTRAL_VALUES[tag] === owner.numbers(tag).join();
}

/** @param {RawFrame} frame */
function checkFrame({ blackLevel, whiteLevel: white, orientation, baselineExposureEv: ev }) {
  if (!(white > Math.max(...blackLevel))) {
    throw new RawError(`White level ${white} isn't above the black levels ${blackLevel.join(", ")}. Convert the file.`);
  }
  if (!(orientation >= 1 && orientation <= 8))
    throw new RawError(`Orientation ${orientation} is unknown; EXIF has 1 to 8.`);
  if (!(Math.abs(ev) <= MAX_BASELINE_EV))
    throw new RawError(`BaselineExposure is ${ev} EV; ±${MAX_BASELINE_EV} is needed.`);
}
