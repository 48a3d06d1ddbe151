package org.lwisp.core.preprocess

import org.lwisp.core.contract.InputContract
import org.lwisp.core.raw.RawFrame
import kotlin.math.abs
import kotlin.math.floor
import kotlin.math.log2
import kotlin.math.pow

/** Linear light that a frame's median is moved to: a grey card's. */
private const val AUTO_MIDDLE = 0.18

/** Of what a dark frame lacks, so many stops are given whole and half of the rest: night isn't turned into day. */
private const val AUTO_WHOLE_EV = 1.5

/** Linear light that a frame's 99th percentile is moved to at most: 0.8 stops of shoulder. */
private const val AUTO_HIGHLIGHT = 1.75
private const val AUTO_LOWEST_EV = -1.0
private const val AUTO_HIGHEST_EV = 3.0
private const val AUTO_STEPS_PER_EV = 20

/** Every fourth quad along each side is looked at. */
private const val AUTO_STRIDE_PX = 4

/**
 * An exposure with a shoulder: shadows and mid-tones get the gain, what the sensor held is never burnt. Brighter is a
 * hyperbola from the knee to white, darker its inverse: y = gain (min(x, knee) + e / (1 + bend e)), e = x - knee.
 */
internal class Shoulder private constructor(
    val gain: Float,
    val knee: Float,
    val bend: Float,
) {
    /** Applies it to one value; above 1 it's taken as 1. */
    fun of(light: Float): Float {
        val excess = minOf(maxOf(light, knee), 1f) - knee
        return (excess / (excess * bend + 1f) + minOf(light, knee)) * gain
    }

    companion object {
        /** ev: in stops. knee: in (0, 1), of the brighter picture. Computed in 64 bits and rounded once. */
        fun of(
            ev: Double,
            knee: Double,
        ): Shoulder {
            val gain = 2.0.pow(abs(ev))
            val bend = (gain - 1) / ((1 - knee) * (gain - knee))
            return if (ev > 0) {
                Shoulder(gain.toFloat(), (knee / gain).toFloat(), (gain * bend).toFloat())
            } else {
                Shoulder((1 / gain).toFloat(), knee.toFloat(), (-bend).toFloat())
            }
        }
    }
}

/**
 * Exposure by a frame's own light, a multiple of 0.05 EV: it takes the median to a grey card's light, a very dark one
 * only part of the way, and spares highlights. From the green sites of every fourth quad along each side: equal mosaics get equal exposures.
 */
internal fun autoExposureEv(
    frame: RawFrame,
    contract: InputContract,
): Double {
    val light = greenLight(frame, contract).also { it.sort() }
    val (middle, highlight) = listOf(50, 99).map { maxOf(light[light.size * it / 100].toDouble(), 1e-6) }
    val lacking = log2(AUTO_MIDDLE / middle)
    val given = if (lacking <= AUTO_WHOLE_EV) lacking else (lacking + AUTO_WHOLE_EV) / 2
    val ev = minOf(given, log2(AUTO_HIGHLIGHT / highlight))
    val bounded = minOf(maxOf(ev, AUTO_LOWEST_EV), AUTO_HIGHEST_EV)
    return floor(bounded * AUTO_STEPS_PER_EV + 0.5) / AUTO_STEPS_PER_EV
}

private fun greenLight(
    frame: RawFrame,
    contract: InputContract,
): FloatArray {
    val levels = Levels(frame, contract, 1.0)
    val row = ShortArray(frame.mosaic.widthPx)
    val light = ArrayList<Float>()
    for (plane in 1..2) {
        val site = frame.cfa.siteOrder()[plane]
        for (y in site / 2 until frame.mosaic.heightPx step 2 * AUTO_STRIDE_PX) {
            frame.mosaic.readRow(y, row)
            for (x in site % 2 until row.size step 2 * AUTO_STRIDE_PX) {
                light += levels.light(row[x].toInt() and 0xffff, plane)
            }
        }
    }
    return light.toFloatArray()
}
