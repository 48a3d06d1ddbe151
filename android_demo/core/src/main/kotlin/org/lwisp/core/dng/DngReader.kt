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
private const val CFA_DIMENSIONS = 33421
private const val CFA_PATTERN = 33422
private const val DNG_VERSION = 50706
private const val LINEARIZATION = 50712
private const val ACTIVE_AREA = 50829

private const val MOSAIC_PHOTOMETRIC = 32803
private const val UNCOMPRESSED = 1

/** The largest frame that is read, before memory is taken. */
private const val MAX_PIXELS = 400_000_000L

/**
 * Reads a DNG with an uncompressed 16-bit Bayer mosaic: what Android's `DngCreator` and this project write.
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
    val mosaics = directories.filter { it.integerOrNull(PHOTOMETRIC) == MOSAIC_PHOTOMETRIC }
    val raw =
        mosaics.firstOrNull { (it.integerOrNull(SUBFILE_TYPE) ?: 0) == 0 } ?: mosaics.firstOrNull()
            ?: throw RawException("The DNG contains no mosaic: it's already demosaiced (a linear DNG).")
    checkSamples(raw)
    val whole = mosaic(file, raw)
    val sensor = SensorArea(whole.widthPx, whole.heightPx, activeArea(raw, whole), cfa(raw))
    val asked = DngCorrections(main, raw, sensor)
    val color = asShot(main)
    return RawFrame(
        mosaic = sensor.active.run { whole.crop(leftPx, topPx, widthPx, heightPx) },
        cfa = sensor.cfa,
        blackLevel = blackLevels(raw),
        whiteLevel = whiteLevel(raw),
        wbGains = color.gains,
        cameraToSrgb = color.cameraToSrgb,
        orientation = main.integerOrNull(ORIENTATION) ?: 1,
        corrections = asked.corrections,
        picture = asked.picture,
        notes = asked.notes,
    )
}

private fun checkSamples(raw: Directory) {
    val compression = raw.integerOrNull(COMPRESSION)
    if (compression != UNCOMPRESSED) {
        throw RawException("The DNG is compressed (method $compression); this app reads uncompressed ones. Convert it.")
    }
    if (raw.integerOrNull(BITS) != 16 || (raw.integerOrNull(SAMPLES_PER_PIXEL) ?: 1) != 1 || LINEARIZATION in raw) {
        throw RawException("The DNG has ${raw.integerOrNull(BITS)}-bit or coded samples; plain 16-bit ones are needed.")
    }
}

private fun mosaic(
    file: ByteBuffer,
    raw: Directory,
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
    return Mosaic(width, height, samples, 2 * width)
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
    if (top % 2 != 0 || left % 2 != 0) throw RawException("The DNG's active area starts at an odd row or column.")
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
