package org.lwisp.core.dng

import org.lwisp.core.RawException
import org.lwisp.core.raw.Area
import org.lwisp.core.raw.Cfa
import org.lwisp.core.raw.Mosaic
import org.lwisp.core.raw.RawFrame
import java.nio.ByteBuffer

/*
 * Tags of DNG 1.7.
 */
private const val SUBFILE_TYPE = 254
private const val WIDTH = 256
private const val HEIGHT = 257
private const val BITS = 258
private const val COMPRESSION = 259
private const val PHOTOMETRIC = 262
private const val STRIP_OFFSETS = 273
private const val ORIENTATION = 274
private const val SAMPLES_PER_PIXEL = 277
private const val STRIP_BYTES = 279
private const val PLANAR = 284
private const val SAMPLE_FORMAT = 339
private const val CFA_DIMENSIONS = 33421
private const val CFA_PATTERN = 33422
private const val DNG_VERSION = 50706
private const val LINEARIZATION = 50712
private const val ACTIVE_AREA = 50829

private const val MOSAIC_PHOTOMETRIC = 32803
private const val LINEAR_PHOTOMETRIC = 34892
private const val LINEAR_SAMPLES = 3
private const val UNCOMPRESSED = 1

/** As the Python runtime says it. */
private const val LINEAR_NOTE =
    "The DNG is linear: it was demosaiced before, with R, G and B at every pixel. It's developed from one of them at " +
        "each pixel, as from a Bayer sensor."

/** The largest frame that is read, before memory is taken. */
private const val MAX_PIXELS = 400_000_000L

/**
 * Reads a DNG with an uncompressed 16-bit Bayer mosaic, or linear R, G and B, of which a mosaic is sampled.
 *
 * The mosaic is a view of `content`. Raises [RawException] that says what the file is instead.
 */
fun readDng(content: ByteBuffer): RawFrame {
    val file = content.duplicate()
    try {
        val directories = readDirectories(file)
        return frame(file, directories.first(), directories)
    } catch (error: IndexOutOfBoundsException) {
        throw RawException("The DNG is damaged or cut short. Copy the file again.", error)
    }
}

private fun frame(
    file: ByteBuffer,
    main: Directory,
    directories: List<Directory>,
): RawFrame {
    if (DNG_VERSION !in main) throw RawException("The file is a TIFF, but no DNG; open a RAW file in DNG format.")
    val raw = directoryOfSamples(directories)
    val isLinear = raw.integerOrNull(PHOTOMETRIC) == LINEAR_PHOTOMETRIC
    checkSamples(raw, isLinear)
    val whole = mosaic(file, raw, isLinear)
    val cfa = if (isLinear) Cfa.RGGB else cfa(raw)
    val sensor = SensorArea(whole.widthPx, whole.heightPx, activeArea(raw, whole), cfa, isLinear)
    val asked = DngCorrections(main, raw, sensor)
    val color = asShot(main)
    return RawFrame(
        mosaic = sensor.active.run { whole.crop(leftPx, topPx, widthPx, heightPx) },
        cfa = sensor.cfa,
        blackLevel = blackLevels(raw, sensor),
        whiteLevel = whiteLevel(raw),
        wbGains = color.gains,
        cameraToSrgb = color.cameraToSrgb,
        orientation = main.integerOrNull(ORIENTATION) ?: 1,
        corrections = asked.corrections,
        picture = asked.picture,
        notes = if (isLinear) listOf(LINEAR_NOTE) + asked.notes else asked.notes,
    )
}

/** Of the main picture, if several directories have samples; a mosaic's before linear ones. */
private fun directoryOfSamples(directories: List<Directory>): Directory {
    val found =
        listOf(MOSAIC_PHOTOMETRIC, LINEAR_PHOTOMETRIC).flatMap { kind ->
            directories.filter { it.integerOrNull(PHOTOMETRIC) == kind }
        }
    return found.firstOrNull { (it.integerOrNull(SUBFILE_TYPE) ?: 0) == 0 } ?: found.firstOrNull()
        ?: throw RawException(
            "The DNG contains neither a mosaic nor linear samples; convert it from the camera's file.",
        )
}

private fun checkSamples(
    raw: Directory,
    isLinear: Boolean,
) {
    val compression = raw.integerOrNull(COMPRESSION)
    if (compression != UNCOMPRESSED) {
        throw RawException("The DNG is compressed (method $compression); this app reads uncompressed ones. Convert it.")
    }
    val samples = raw.integerOrNull(SAMPLES_PER_PIXEL) ?: 1
    val isPlanar = isLinear && (raw.integerOrNull(PLANAR) ?: 1) != 1
    if (samples != (if (isLinear) LINEAR_SAMPLES else 1) || isPlanar) {
        throw RawException("The DNG has $samples samples per pixel, or planes of their own. Convert it.")
    }
    if (raw.integerOrNull(BITS) != 16 || LINEARIZATION in raw || (raw.integerOrNull(SAMPLE_FORMAT) ?: 1) != 1) {
        throw RawException("The DNG has ${raw.integerOrNull(BITS)}-bit or coded samples; plain 16-bit ones are needed.")
    }
}

private fun mosaic(
    file: ByteBuffer,
    raw: Directory,
    isLinear: Boolean,
): Mosaic {
    val width = required(raw, WIDTH, "width")
    val height = required(raw, HEIGHT, "height")
    if (width < 2 || height < 2 || width.toLong() * height > MAX_PIXELS) {
        throw RawException(
            "The DNG declares ${width}x$height px; 2x2 to ${MAX_PIXELS / 1_000_000} megapixels are read.",
        )
    }
    val samples = file.duplicate().order(file.order())
    val start = contiguousStart(raw)
    if (start > file.limit()) throw RawException("The DNG's samples are beyond its end; the file is truncated.")
    samples.position(start.toInt())
    return Mosaic(width, height, samples, 2 * width * (if (isLinear) LINEAR_SAMPLES else 1), isLinear)
}

/** Where the samples start. Strips follow each other in every writer of uncompressed DNGs that is known. */
private fun contiguousStart(raw: Directory): Long {
    val offsets = raw.numbers(STRIP_OFFSETS)
    val lengths = raw.numbers(STRIP_BYTES)
    if (offsets.isEmpty() || offsets.size != lengths.size) throw RawException("The DNG is tiled; strips are needed.")
    for (index in 1 until offsets.size) {
        if (offsets[index] != offsets[index - 1] + lengths[index - 1]) {
            throw RawException("The DNG's strips are scattered; convert the file to one strip.")
        }
    }
    return offsets[0].toLong()
}

private fun activeArea(
    raw: Directory,
    mosaic: Mosaic,
): Area {
    val area = raw.numbers(ACTIVE_AREA).map { it.toInt() }
    if (area.size != 4) return Area(0, 0, mosaic.widthPx, mosaic.heightPx)
    val (top, left, bottom, right) = area
    if (top < 0 || left < 0 || bottom > mosaic.heightPx || right > mosaic.widthPx || bottom - top < 2 ||
        right - left < 2
    ) {
        throw RawException("The DNG's active area $area leaves its ${mosaic.widthPx}x${mosaic.heightPx} px.")
    }
    return Area(left, top, right - left, bottom - top)
}

private fun cfa(raw: Directory): Cfa {
    val letters = raw.numbers(CFA_PATTERN).joinToString("") { "RGBCMYW".getOrElse(it.toInt()) { '?' }.toString() }
    val square = raw.numbers(CFA_DIMENSIONS) == listOf(2.0, 2.0)
    return Cfa.entries.firstOrNull { square && it.name == letters }
        ?: throw RawException("The DNG's filters are $letters, not a 2x2 Bayer cell; use another converter.")
}

private fun required(
    raw: Directory,
    tag: Int,
    name: String,
): Int = raw.integerOrNull(tag) ?: throw RawException("The DNG doesn't state its $name (tag $tag).")
