package org.lwisp.core.dng

import org.lwisp.core.RawException
import org.lwisp.core.raw.LightCalibration
import org.lwisp.core.raw.daylightMatrix
import org.lwisp.core.raw.gainsOfNeutral

private val COLOR_MATRIX = intArrayOf(50721, 50722)
private val CALIBRATION = intArrayOf(50723, 50724)
private val ILLUMINANT = intArrayOf(50778, 50779)
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

/**
 * White-balanced camera RGB to linear sRGB; null if the file has no matrix.
 *
 * The analogue balance needn't be read: it scales the rows of the matrix, which are scaled to white anyway.
 */
internal fun colorMatrix(main: Directory): DoubleArray? =
    daylightMatrix(
        (0..1).filter { main.numbers(COLOR_MATRIX[it]).size == 9 }.map { index ->
            LightCalibration(
                illuminant = main.integerOrNull(ILLUMINANT[index]),
                xyzToCamera = main.numbers(COLOR_MATRIX[index]).toDoubleArray(),
                calibration = main.numbers(CALIBRATION[index]).toDoubleArray().takeIf { it.size == 9 },
            )
        },
    )
