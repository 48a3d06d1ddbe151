package org.lwisp.core.dng

import org.lwisp.core.RawException
import org.lwisp.core.raw.LightCalibration
import org.lwisp.core.raw.cameraToSrgb
import org.lwisp.core.raw.gainsOfNeutral

private val COLOR_MATRIX = intArrayOf(50721, 50722)
private val CALIBRATION = intArrayOf(50723, 50724)
private val ILLUMINANT = intArrayOf(50778, 50779)
private val FORWARD_MATRIX = intArrayOf(50964, 50965)
private const val ANALOG_BALANCE = 50727
private const val CAMERA_SIGNATURE = 50931
private const val PROFILE_SIGNATURE = 50932
private const val AS_SHOT_NEUTRAL = 50728

/** Gains further apart than this belong to no light a camera meets. */
private const val MAX_GAIN_RATIO = 16

/** As-shot gains of R, G, B. Raises [RawException] if they are missing or absurd. */
internal fun asShotGains(main: Directory): DoubleArray {
    val gains = gainsOfNeutral(main.numbers(AS_SHOT_NEUTRAL))
    val usable = gains.size == 3 && gains.all { it > 0 && it < Double.POSITIVE_INFINITY }
    if (!usable || gains.max() == gains.min() || gains.max() > MAX_GAIN_RATIO * gains.min()) {
        throw RawException("The DNG's as-shot white balance (${gains.joinToString()}) can't be used.")
    }
    return gains
}

/** White-balanced camera RGB to linear sRGB; null if the file has no matrix. gains: the white balance. */
internal fun colorMatrix(
    main: Directory,
    gains: DoubleArray,
): DoubleArray? {
    val calibrated = main.numbers(CAMERA_SIGNATURE) == main.numbers(PROFILE_SIGNATURE)
    val lights =
        (0..1).mapNotNull { index ->
            LightCalibration(
                illuminant = main.integerOrNull(ILLUMINANT[index]),
                xyzToCamera = matrix(main, COLOR_MATRIX[index]) ?: return@mapNotNull null,
                calibration = if (calibrated) matrix(main, CALIBRATION[index]) else null,
                forward = matrix(main, FORWARD_MATRIX[index]),
            )
        }
    val balance = main.numbers(ANALOG_BALANCE).toDoubleArray().takeIf { it.size == 3 }
    return cameraToSrgb(lights, balance ?: doubleArrayOf(1.0, 1.0, 1.0), gains)
}

private fun matrix(
    main: Directory,
    tag: Int,
): DoubleArray? = main.numbers(tag).toDoubleArray().takeIf { it.size == 9 }
