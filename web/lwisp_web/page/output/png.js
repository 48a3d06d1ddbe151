/** PNG: 8-bit sRGB without alpha, tagged as sRGB, every row filtered by Paeth. */

/** @import { Picture } from "./picture.js" */

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const PAETH = 4;
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/**
 * A PNG file's bytes. Equal pictures give equal pixels; the file's size depends on the platform's deflate.
 *
 * @param {Picture} picture
 * @returns {Promise<Blob>}
 */
export async function encodePng({ widthPx, heightPx, rgba }) {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, widthPx);
  header.setUint32(4, heightPx);
  header.setUint8(8, 8); // bits
  header.setUint8(9, 2); // RGB
  const rows = new Blob([filtered(rgba, widthPx, heightPx)]).stream();
  const data = new Uint8Array(await new Response(rows.pipeThrough(new CompressionStream("deflate"))).arrayBuffer());
  const parts = [
    Uint8Array.from(SIGNATURE),
    ...chunk("IHDR", new Uint8Array(header.buffer)),
    ...chunk("sRGB", Uint8Array.of(0)), // perceptual
    ...chunk("IDAT", data),
    ...chunk("IEND", new Uint8Array(0)),
  ];
  return new Blob(parts, { type: "image/png" });
}

/**
 * Rows of differences from Paeth's predictor, a byte that names it before each.
 *
 * @param {Uint8ClampedArray} rgba
 * @param {number} width
 * @param {number} height
 */
function filtered(rgba, width, height) {
  const rows = new Uint8Array(height * (1 + 3 * width));
  let at = 0;
  for (let y = 0; y < height; y++) {
    rows[at++] = PAETH;
    for (let x = 0; x < width; x++) {
      const pixel = 4 * (y * width + x);
      for (let color = pixel; color < pixel + 3; color++) {
        const left = x > 0 ? rgba[color - 4] : 0;
        const above = y > 0 ? rgba[color - 4 * width] : 0;
        const corner = x > 0 && y > 0 ? rgba[color - 4 * width - 4] : 0;
        rows[at++] = rgba[color] - paeth(left, above, corner);
      }
    }
  }
  return rows;
}

/** @param {number} left @param {number} above @param {number} corner */
function paeth(left, above, corner) {
  const toLeft = Math.abs(above - corner);
  const toAbove = Math.abs(left - corner);
  const toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

/** @param {string} name @param {Uint8Array<ArrayBuffer>} data */
function chunk(name, data) {
  const head = new DataView(new ArrayBuffer(8));
  head.setUint32(0, data.length);
  [...name].forEach((letter, index) => head.setUint8(4 + index, letter.charCodeAt(0)));
  const foot = new DataView(new ArrayBuffer(4));
  foot.setUint32(0, crc32(new Uint8Array(head.buffer, 4), data));
  return [new Uint8Array(head.buffer), data, new Uint8Array(foot.buffer)];
}

/** @param {...Uint8Array} parts */
function crc32(...parts) {
  let crc = 0xffffffff;
  for (const part of parts) for (const byte of part) crc = CRC_TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}
