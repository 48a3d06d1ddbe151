package org.lwisp.core.dng

import org.lwisp.core.RawException
import org.lwisp.core.raw.Area
import org.lwisp.core.raw.Corrections
import org.lwisp.core.raw.NoiseProfile

private const val CROP_ORIGIN = 50719
private const val CROP_SIZE = 50720
private const val BASELINE_EXPOSURE = 50730
private const val BASELINE_EXPOSURE_OFFSET = 51109
private const val NOISE_PROFILE = 51041

/** Tags that change the picture in a converter that follows them, and the values that say "leave it as it is". */
private val NOT_HONOURED =
    mapOf(
        50711 to "CFALayout",
        50718 to "DefaultScale",
        50937 to "ProfileHueSatMap",
        50940 to "ProfileToneCurve",
        50981 to "ProfileLookTable",
        51125 to "DefaultUserCrop",
        52525 to "ProfileGainTableMap",
        52531 to "ColorMatrix3",
        52543 to "RGBTables",
        52544 to "ProfileGainTableMap2",
    )
private val NEUTRAL_VALUES =
    mapOf(50711 to listOf(1.0), 50718 to listOf(1.0, 1.0), 51125 to listOf(0.0, 0.0, 1.0, 1.0))

/** What a DNG asks for beyond its samples, levels and colours. main: the first directory. raw: the mosaic's. */
internal class DngCorrections(
    private val main: Directory,
    private val raw: Directory,
    private val sensor: SensorArea,
) {
    private val opcodes = readOpcodes(raw, sensor)
    private val noise = noiseProfile()

    val corrections =
        opcodes.run { Corrections(gainMaps, vignettes, badPixels, warps, baselineExposureEv(), noise) }

    /** DefaultCrop within the mosaic, rounded to pixels; the whole mosaic if the file doesn't say. */
    val picture: Area = defaultCrop()

    /** For the user: what isn't honoured. */
    val notes: List<String> = listOfNotNull(notHonoured().takeIf { it.isNotEmpty() }?.let(::note))

    private fun note(names: List<String>) = "The file asks for what isn't honoured: ${names.joinToString()}."

    private fun notHonoured(): List<String> {
        val tags = NOT_HONOURED.filterKeys { tag -> listOf(main, raw).any { tag in it && !isNeutral(it, tag) } }
        val unusable = if (noise == null && noiseValues().isNotEmpty()) listOf("NoiseProfile") else emptyList()
        return (tags.values + opcodes.leftOut + unusable).distinct()
    }

    private fun isNeutral(
        owner: Directory,
        tag: Int,
    ): Boolean = NEUTRAL_VALUES[tag]?.let { it == owner.numbers(tag) } ?: false

    private fun baselineExposureEv(): Double =
        listOf(BASELINE_EXPOSURE, BASELINE_EXPOSURE_OFFSET).sumOf { main.numbers(it).firstOrNull() ?: 0.0 }

    /** One pair for all colours, three, or four (R, Gr, Gb, B); null where they can't be used. */
    private fun noiseProfile(): NoiseProfile? {
        val values = noiseValues()
        if (values.size !in listOf(2, 6, 8) || values.all { it == 0.0 }) return null
        val pairs = values.chunked(2)
        val rgb =
            when (pairs.size) {
                1 -> List(3) { pairs[0] }
                3 -> pairs
                else -> listOf(pairs[0], List(2) { (pairs[1][it] + pairs[2][it]) / 2 }, pairs[3])
            }
        return NoiseProfile(DoubleArray(3) { rgb[it][0] }, DoubleArray(3) { rgb[it][1] })
    }

    /** The specification has it in the mosaic's directory; old writers put it into the first. */
    private fun noiseValues(): List<Double> = raw.numbers(NOISE_PROFILE).ifEmpty { main.numbers(NOISE_PROFILE) }

    private fun defaultCrop(): Area {
        val whole = Area(0, 0, sensor.active.widthPx, sensor.active.heightPx)
        val size = raw.numbers(CROP_SIZE).ifEmpty { return whole }
        val origin = raw.numbers(CROP_ORIGIN).ifEmpty { listOf(0.0, 0.0) }
        if (origin.size != 2 || size.size != 2 || origin.min() < 0 || size.min() < 2) {
            throw RawException("The DNG's default crop begins at $origin and has the size $size. Convert the file.")
        }
        val (left, top) = origin.map { Math.rint(it).toInt() }
        val (width, height) = size.map { Math.rint(it).toInt() }
        val inside = Area(left, top, minOf(width, whole.widthPx - left), minOf(height, whole.heightPx - top))
        if (minOf(inside.widthPx, inside.heightPx) < 2) {
            throw RawException("The DNG's default crop at $origin leaves nothing of the picture. Convert the file.")
        }
        return inside
    }
}
