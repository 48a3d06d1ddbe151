package org.lwisp.core.preprocess

import org.lwisp.core.contract.InputContract
import org.lwisp.core.raw.RawFrame
import org.lwisp.core.raw.scaleGains

/** R, Gr, Gb, B as R, G, B. */
internal val PLANE_COLOR = intArrayOf(0, 1, 1, 2)

/** White-balance gains of R, Gr, Gb, B, the smallest 1; all 1 where the contract leaves white as it is. */
internal fun balanceGains(
    frame: RawFrame,
    contract: InputContract,
): DoubleArray {
    val gains = if (contract.whiteBalance) scaleGains(frame.wbGains) else doubleArrayOf(1.0, 1.0, 1.0)
    return DoubleArray(4) { gains[PLANE_COLOR[it]] }
}

/** Sensor values to light: black subtracted, then white balance, exposure and 1 / (white - black) in one gain. */
internal class Levels(
    frame: RawFrame,
    contract: InputContract,
    exposureGain: Double,
) {
    private val black = FloatArray(4)
    private val gain = FloatArray(4)

    init {
        val balance = balanceGains(frame, contract)
        val sites = frame.cfa.siteOrder()
        for (plane in 0..3) {
            black[plane] = if (contract.subtractBlack) frame.blackLevel[sites[plane]].toFloat() else 0f
            gain[plane] = (balance[plane] * (exposureGain / (frame.whiteLevel - black[plane].toDouble()))).toFloat()
        }
    }

    /** Light of a sample in a plane, 0 to 1; under 0 below black, above 1 where a gain brings it there. */
    fun light(
        sample: Int,
        plane: Int,
    ): Float = (sample.toFloat() - black[plane]) * gain[plane]
}
