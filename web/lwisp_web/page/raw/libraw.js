/** LibRaw in WebAssembly: decodes what isn't plain, such as lossless JPEG. Needs a cross-origin isolated page. */

import { RawError } from "../errors.js";

/** @import { Decoded } from "./dng.js" */

/**
 * All samples of the sensor, linearised.
 *
 * @param {Uint8Array<ArrayBuffer>} file left as it is
 * @param {URL} vendor the folder that libraw-wasm is in
 * @returns {Promise<Decoded>}
 */
export async function decodeByLibRaw(file, vendor) {
  if (!crossOriginIsolated) {
    throw new RawError(
      "The DNG is compressed. Its decoder needs a page with the headers COOP and COEP, over https or from this machine: " +
        "`lwisp web` sends them. Or convert the file to an uncompressed DNG.",
    );
  }
  const { default: LibRaw } = await import(new URL("libraw-wasm/dist/index.js", vendor).href);
  const decoder = new LibRaw();
  try {
    await decoder.open(file.slice(), {});
    const { raw_width: widthPx, raw_height: heightPx, data } = await decoder.rawImageData();
    return { widthPx, heightPx, samples: data };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RawError(`LibRaw can't decode the file (${reason}). Copy it again, or convert it.`, { cause: error });
  } finally {
    decoder.dispose();
  }
}
