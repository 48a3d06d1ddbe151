package org.lwisp.core.dng

import org.lwisp.core.capture.LightFacts
import org.lwisp.core.capture.SensorFacts
import org.lwisp.core.capture.ShotFacts
import org.lwisp.core.capture.ShotLabel
import org.lwisp.core.capture.noiseOfSites
import org.lwisp.core.raw.Area
import org.lwisp.core.raw.Mosaic
import java.io.ByteArrayOutputStream
import java.io.DataOutputStream
import java.io.OutputStream
import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.math.log2

/** A sensitivity boost, in percent, that leaves light as it is. */
private const val NO_BOOST = 100.0
private const val MOSAIC = 32803
private const val OPCODE_VERSION = 0x01030000
private const val BAD_PIXELS_LIST = 5
private const val GAIN_MAP = 9

/**
 * Writes a shot as a DNG that says all that the camera reported: active array, black as it was then, both lights'
 * matrices, shading, hot pixels, noise, and the boost that the camera's own JPEG has. [readDng] makes the frame of it,
 * so that a shot and its file can't give two pictures.
 *
 * image: the whole RAW image, which covers the sensor's pixel array or its active array. out: closed by the caller.
 */
fun writeShot(
    image: Mosaic,
    sensor: SensorFacts,
    shot: ShotFacts,
    label: ShotLabel,
    out: OutputStream,
) {
    val file = ShotFile(image, sensor, shot, label)
    // The directory's length doesn't depend on where the samples begin.
    out.write(file.head(file.head(0).size))
    val row = ShortArray(image.widthPx)
    val bytes = ByteBuffer.allocate(2 * image.widthPx).order(ByteOrder.LITTLE_ENDIAN)
    for (index in 0 until image.heightPx) {
        image.readRow(index, row)
        bytes.asShortBuffer().put(row)
        out.write(bytes.array())
    }
}

private class ShotFile(
    private val image: Mosaic,
    private val sensor: SensorFacts,
    private val shot: ShotFacts,
    private val label: ShotLabel,
) {
    private val whole = Area(0, 0, image.widthPx, image.heightPx)

    /** Where the active array begins in the image: at its first pixel, where that is all that the image covers. */
    private val active = sensor.activeArray?.takeIf { it.px < whole.px && it.intersected(whole) == it } ?: whole

    /** Where the image begins in the pixel array. */
    private val origin =
        sensor.activeArray?.takeIf { active == whole && it.widthPx == whole.widthPx && it.heightPx == whole.heightPx }
    private val cfa = sensor.cfa.from(active.topPx, active.leftPx)

    fun head(samplesAt: Int): ByteArray {
        val exif = exifFields()
        val exifAt = TIFF_HEADER_BYTES + directoryBytes(fields(0, samplesAt), 0).size
        val main = directoryBytes(fields(exifAt, samplesAt), TIFF_HEADER_BYTES)
        val header = byteArrayOf('I'.code.toByte(), 'I'.code.toByte(), 42, 0, TIFF_HEADER_BYTES.toByte(), 0, 0, 0)
        return header + main + directoryBytes(exif, exifAt)
    }

    private fun fields(
        exifAt: Int,
        samplesAt: Int,
    ): List<TiffField> =
        layoutFields(samplesAt) + levelFields() + colorFields() +
            listOfNotNull(
                opcodes(51008, listOfNotNull(hotPixels())),
                opcodes(51009, gainMaps()),
                noise(),
                boost(),
                textField(271, label.make),
                textField(272, label.model),
                textField(306, label.takenAt),
                longField(34665, exifAt),
                byteField(50706, 1, 4, 0, 0),
                byteField(50707, 1, 3, 0, 0),
                textField(50708, "${label.make} ${label.model}"),
            )

    private fun layoutFields(samplesAt: Int) =
        listOf(
            longField(254, 0),
            longField(256, image.widthPx),
            longField(257, image.heightPx),
            shortField(258, 16),
            shortField(259, 1),
            shortField(262, MOSAIC),
            longField(273, samplesAt),
            shortField(274, label.orientation),
            shortField(277, 1),
            longField(278, image.heightPx),
            longField(279, 2 * image.widthPx * image.heightPx),
            shortField(284, 1),
            shortField(33421, 2, 2),
            byteField(33422, *IntArray(4) { "RGB".indexOf(cfa.name[it]) }),
            active.run { longField(50829, topPx, leftPx, topPx + heightPx, leftPx + widthPx) },
        )

    private fun levelFields(): List<TiffField> {
        val black = shot.blackLevel ?: sensor.blackLevel
        val sites = List(4) { (it / 2 + active.topPx) % 2 * 2 + (it % 2 + active.leftPx) % 2 }
        return listOf(
            shortField(50713, 2, 2),
            fractionField(50714, sites.map { exactFraction(black[it]) }),
            longField(50717, shot.whiteLevel ?: sensor.whiteLevel),
        )
    }

    private fun colorFields(): List<TiffField> =
        sensor.lights.flatMapIndexed(::lightFields) + fractionField(50728, shot.neutral)

    private fun lightFields(
        index: Int,
        light: LightFacts,
    ): List<TiffField> =
        listOfNotNull(
            fractionField(50721 + index, light.color, signed = true),
            light.calibration?.let { fractionField(50723 + index, it, signed = true) },
            light.forward?.let { fractionField(50964 + index, it, signed = true) },
            light.illuminant?.let { shortField(50778 + index, it) },
        )

    private fun noise(): TiffField? {
        val sites = shot.noise?.takeIf { it.size == 4 } ?: return null
        val profile = noiseOfSites(sensor.cfa, sites)
        return doubleField(51041, DoubleArray(6) { (if (it % 2 == 0) profile.scale else profile.offset)[it / 2] })
    }

    private fun boost(): TiffField? =
        shot.boostPercent?.takeIf { it > 0 }?.let {
            fractionField(50730, listOf(fractionOf(log2(it / NO_BOOST))), signed = true)
        }

    /** In the image's coordinates, as the file's opcodes count. */
    private fun hotPixels(): ByteArray? {
        val points =
            shot.hotPixels
                .map { (x, y) -> Pair(x - (origin?.leftPx ?: 0), y - (origin?.topPx ?: 0)) }
                .filter { (x, y) -> x in 0 until image.widthPx && y in 0 until image.heightPx }
        if (points.isEmpty()) return null
        return opcode(BAD_PIXELS_LIST) {
            writeInt(cfa.ordinal)
            writeInt(points.size)
            writeInt(0)
            for ((x, y) in points) {
                writeInt(y)
                writeInt(x)
            }
        }
    }

    /** One map for each site of the active array's cell. */
    private fun gainMaps(): List<ByteArray> {
        val shading = shot.shading.takeUnless { sensor.isShadingApplied } ?: return emptyList()
        val top = (origin ?: active).topPx
        return List(4) { site -> gainMap(site, shading.rows, shading.columns, shading.ofSite(cfa, site, top)) }
    }

    private fun gainMap(
        site: Int,
        rows: Int,
        columns: Int,
        gains: FloatArray,
    ): ByteArray =
        opcode(GAIN_MAP) {
            listOf(site / 2, site % 2, active.heightPx, active.widthPx, 0, 1, 2, 2, rows, columns).forEach(::writeInt)
            listOf(spacing(rows), spacing(columns), 0.0, 0.0).forEach(::writeDouble)
            writeInt(1)
            gains.forEach(::writeFloat)
        }

    private fun spacing(points: Int) = if (points == 1) 1.0 else 1.0 / (points - 1)

    private fun exifFields(): List<TiffField> =
        listOfNotNull(
            shot.exposureS?.let { fractionField(33434, listOf(fractionOf(it))) },
            shot.fNumber?.let { fractionField(33437, listOf(fractionOf(it.toDouble()))) },
            shot.iso?.let { shortField(34855, minOf(it.toLong() * (shot.boostPercent ?: 100) / 100, 65535L).toInt()) },
            dataField(36864, "0232".toByteArray()),
            textField(36867, label.takenAt),
            shot.focalLengthMm?.let { fractionField(37386, listOf(fractionOf(it.toDouble()))) },
        )
}

/** A list of opcodes, big endian whatever the file is; null if it's empty. */
private fun opcodes(
    tag: Int,
    opcodes: List<ByteArray>,
): TiffField? {
    if (opcodes.isEmpty()) return null
    val list = ByteArrayOutputStream()
    DataOutputStream(list).writeInt(opcodes.size)
    opcodes.forEach(list::write)
    return dataField(tag, list.toByteArray())
}

/** One opcode, marked optional. */
private fun opcode(
    number: Int,
    parameters: DataOutputStream.() -> Unit,
): ByteArray {
    val content = ByteArrayOutputStream().also { DataOutputStream(it).parameters() }.toByteArray()
    val whole = ByteArrayOutputStream()
    DataOutputStream(whole).apply { listOf(number, OPCODE_VERSION, 1, content.size).forEach(::writeInt) }.write(content)
    return whole.toByteArray()
}
