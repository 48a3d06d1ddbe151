package org.lwisp.core.dng

import org.lwisp.core.RawException
import org.lwisp.core.raw.CameraColor
import org.lwisp.core.raw.LightCalibration
import org.lwisp.core.raw.WhitePoint
import org.lwisp.core.raw.gainsOfNeutral
import org.lwisp.core.raw.scaleGains

private const val ANALOG_BALANCE = 50727
private const val AS_SHOT_NEUTRAL = 50728
private const val AS_SHOT_WHITE_XY = 50729
private const val CAMERA_SIGNATURE = 50931
private const val PROFILE_SIGNATURE = 50932

/** Tags of one light. */
private class LightTags(
    val illuminant: Int,
    val color: Int,
    val calibration: Int,
    val forward: Int,
)

private val LIGHTS = listOf(LightTags(50778, 50721, 50723, 50964), LightTags(50779, 50722, 50724, 50965))

/** Gains further apart than this belong to no light a camera meets. */
private const val MAX_GAIN_RATIO = 16

/** A DNG's white balance and colour as shot. */
internal class AsShot(
    /** Of R, G, B, the smallest 1. */
    val gains: DoubleArray,
    /** White-balanced camera RGB to linear sRGB; null if the file has no matrix. */
    val cameraToSrgb: DoubleArray?,
)

/** Raises [RawException] if the white balance is missing or absurd, or the matrices can't be used. */
internal fun asShot(main: Directory): AsShot {
    val color = cameraColor(main)
    val white = whitePoint(main)
    val gains =
        checkedGains(
            if (white ==
                null
            ) {
                gainsOfNeutral(main.numbers(AS_SHOT_NEUTRAL))
            } else {
                gainsAt(white, color)
            },
        )
    val matrix =
        color?.run { if (dependsOnWhite || white != null) matrixFor(gains) else matrixOfOneLight() }
    return AsShot(gains, matrix)
}

private fun gainsAt(
    white: WhitePoint,
    color: CameraColor?,
): DoubleArray =
    color?.gainsAt(white)
        ?: throw RawException("The DNG gives its white balance as a white point, but no colour matrix. Convert it.")

private fun checkedGains(gains: DoubleArray): DoubleArray {
    val usable = gains.size == 3 && gains.all { it > 0 && it < Double.POSITIVE_INFINITY }
    if (!usable || gains.max() == gains.min() || gains.max() > MAX_GAIN_RATIO * gains.min()) {
        throw RawException("The DNG's as-shot white balance (${gains.joinToString()}) can't be used.")
    }
    return scaleGains(gains)
}

/** AsShotWhiteXY; null where AsShotNeutral says it, or nothing does. */
private fun whitePoint(main: Directory): WhitePoint? {
    val values = if (AS_SHOT_NEUTRAL in main) emptyList() else main.numbers(AS_SHOT_WHITE_XY)
    if (values.isEmpty()) return null
    if (values.size != 2 || !values.all { it > 0 && it < 1 }) {
        throw RawException("The DNG's AsShotWhiteXY is $values; x and y between 0 and 1 are needed.")
    }
    return WhitePoint(values[0], values[1])
}

/** Null if the file has no colour matrix. */
private fun cameraColor(main: Directory): CameraColor? {
    val calibrated = main.text(CAMERA_SIGNATURE) == main.text(PROFILE_SIGNATURE)
    val lights =
        LIGHTS.mapNotNull { tags ->
            matrix(main, tags.color)?.let { color ->
                val calibration = if (calibrated) matrix(main, tags.calibration) else null
                LightCalibration(main.integerOrNull(tags.illuminant), color, calibration, matrix(main, tags.forward))
            }
        }
    return if (lights.isEmpty()) null else CameraColor(lights, analogBalance(main))
}

private fun analogBalance(main: Directory): DoubleArray {
    val balance = main.numbers(ANALOG_BALANCE).ifEmpty { listOf(1.0, 1.0, 1.0) }
    if (balance.size != 3 || balance.min() <= 0) {
        throw RawException("The DNG's AnalogBalance is $balance; three numbers over 0 are needed.")
    }
    return balance.toDoubleArray()
}

private fun matrix(
    main: Directory,
    tag: Int,
): DoubleArray? {
    if (tag !in main) return null
    val values = main.numbers(tag)
    if (values.size != 9) {
        throw RawException("The DNG's tag $tag has ${values.size} numbers: the sensor's colours aren't R, G and B.")
    }
    return values.toDoubleArray()
}
