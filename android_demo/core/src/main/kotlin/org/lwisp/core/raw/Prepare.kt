package org.lwisp.core.raw

import org.lwisp.core.contract.InputContract
import kotlin.math.pow
import kotlin.math.sqrt

/**
 * A mosaic to be turned into the planes that a model takes, step by step as its contract says. Nothing is computed until
 * a part is asked for: a large frame is never in memory as floats.
 *
 * The same arithmetic in the same order as the Python runtime's `prepare`, in 32-bit floats, so that the
 * planes are equal bit for bit. exposureEv: digital exposure in stops, applied before white is clipped.
 */
class Preparation(
    frame: RawFrame,
    contract: InputContract,
    exposureEv: Double = 0.0,
) {
    private val mosaic = frame.mosaic
    private val columns = alignedIndices(frame.cfa.offsetColumns, mosaic.widthPx, 2 * contract.sizeMultiple)
    private val rows = alignedIndices(frame.cfa.offsetRows, mosaic.heightPx, 2 * contract.sizeMultiple)
    private val light = LightStage(frame, contract, exposureEv)
    private val color = contract.referenceToSrgb?.let { ColorStage(toReference(frame.cameraToSrgb, it)) }
    private val curve = CurveStage(contract.curveOffset)

    /** Of the whole frame, sides multiples of the contract's. */
    val size = PackedSize(columns.size / 2, rows.size / 2)

    /** The mosaic's own pixels in the full-size picture. */
    val visible = Area(frame.cfa.offsetColumns, frame.cfa.offsetRows, mosaic.widthPx, mosaic.heightPx)

    /** Planes of a part, in packed pixels: row by row, four values per pixel, R, Gr, Gb, B in [0, 1]. */
    fun planes(part: Area): FloatArray {
        val planes = FloatArray(4 * part.px)
        pack(part, planes)
        color?.apply(planes)
        curve.apply(planes)
        return planes
    }

    private fun pack(
        part: Area,
        planes: FloatArray,
    ) {
        val row = ShortArray(mosaic.widthPx)
        for (y in 0 until 2 * part.heightPx) {
            mosaic.readRow(rows[2 * part.topPx + y], row)
            val plane = y % 2 * 2
            val start = y / 2 * 4 * part.widthPx + plane
            for (x in 0 until 2 * part.widthPx) {
                val sample = row[columns[2 * part.leftPx + x]].toInt() and 0xffff
                planes[start + x / 2 * 4 + x % 2] = light.of(sample, plane + x % 2)
            }
        }
    }
}

/**
 * For each row (or column) of the mosaic extended to start with RGGB and to a multiple: the index it is taken from.
 *
 * Reflection about a border pixel keeps the filter colours in phase, so that no sample is lost.
 */
internal fun alignedIndices(
    offset: Int,
    size: Int,
    multiple: Int,
): IntArray {
    val aligned = (size + offset + multiple - 1) / multiple * multiple
    val period = 2 * (size - 1)
    return IntArray(aligned) { index ->
        val place = Math.floorMod(index - offset, period)
        if (place < size) place else period - place
    }
}

/** Black subtracted, then white balance, exposure and 1 / (white - black) in one gain, clipped at 1. */
private class LightStage(
    frame: RawFrame,
    contract: InputContract,
    exposureEv: Double,
) {
    private val black = FloatArray(4)
    private val gain = FloatArray(4)

    init {
        val gains = if (contract.whiteBalance) scaleGains(frame.wbGains) else doubleArrayOf(1.0, 1.0, 1.0)
        val sites = frame.cfa.siteOrder()
        val exposure = 2.0.pow(exposureEv)
        for (plane in 0..3) {
            black[plane] = if (contract.subtractBlack) frame.blackLevel[sites[plane]].toFloat() else 0f
            val scale = exposure / (frame.whiteLevel - black[plane].toDouble())
            gain[plane] = (gains[PLANE_COLOR[plane]] * scale).toFloat()
        }
    }

    fun of(
        sample: Int,
        plane: Int,
    ): Float = minOf((sample.toFloat() - black[plane]) * gain[plane], 1f)

    private companion object {
        /** R, Gr, Gb, B as R, G, B. */
        val PLANE_COLOR = intArrayOf(0, 1, 1, 2)
    }
}

/** Camera colour moved to the reference camera: R and B are replaced, both greens get one shift. */
private class ColorStage(
    private val matrix: FloatArray,
) {
    private val greenGain = matrix[4] - 1f

    fun apply(planes: FloatArray) {
        val m = matrix
        for (at in planes.indices step 4) {
            val red = planes[at]
            val blue = planes[at + 3]
            val green = (planes[at + 1] + planes[at + 2]) * 0.5f
            val shift = m[3] * red + greenGain * green + m[5] * blue
            planes[at] = m[0] * red + m[1] * green + m[2] * blue
            planes[at + 1] += shift
            planes[at + 2] += shift
            planes[at + 3] = m[6] * red + m[7] * green + m[8] * blue
        }
    }
}

/** sqrt((x + offset) / (1 + offset)), x clipped to [-offset, 1]. */
private class CurveStage(
    offset: Double,
) {
    private val offset = offset.toFloat()
    private val lowest = (-offset).toFloat()
    private val gain = (1 / (1 + offset)).toFloat()

    fun apply(values: FloatArray) {
        for (at in values.indices) {
            val light = minOf(maxOf(values[at], lowest), 1f)
            values[at] = sqrt((light + offset) * gain)
        }
    }
}
