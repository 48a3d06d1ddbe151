package org.lwisp.core.preprocess

import org.lwisp.core.raw.Area

/** Packed pixels around a quad that its smoothed colour differences depend on. */
private const val SMOOTHING_REACH_PX = 2

/**
 * A camera's white-balanced light moved to the reference camera. Light is row by row, four values per packed pixel.
 *
 * Rows of the matrix M sum to 1, so the move is a function of colour differences alone:
 * M (R, G, B) = (R, G, B) + (M - I) (R - G, 0, B - G).
 */
internal class ColorMove(
    private val matrix: FloatArray,
    private val smoothed: Boolean,
) {
    /** Packed pixels around a quad that its moved colour depends on. */
    val reachPx: Int = if (smoothed) SMOOTHING_REACH_PX else 0

    /** Moves a window's light. outer: the window of `light`, which is `inner` and what lies within reach of it. */
    fun apply(
        light: FloatArray,
        outer: Area,
        inner: Area,
    ): FloatArray {
        if (!smoothed) return light.also(::shiftOnQuads)
        val window = Differences(light, outer, inner, reachPx).smoothed()
        return cut(light, outer, inner).also { shift(it, window, inner.widthPx) }
    }

    /** By each quad's own colour: R and B are replaced, both greens get one shift, so that their difference is kept. */
    private fun shiftOnQuads(light: FloatArray) {
        val m = matrix
        val greenGain = m[4] - 1f
        for (at in light.indices step 4) {
            val red = light[at]
            val blue = light[at + 3]
            val green = (light[at + 1] + light[at + 2]) * 0.5f
            val shift = m[3] * red + greenGain * green + m[5] * blue
            light[at] = m[0] * red + m[1] * green + m[2] * blue
            light[at + 1] += shift
            light[at + 2] += shift
            light[at + 3] = m[6] * red + m[7] * green + m[8] * blue
        }
    }

    private fun shift(
        light: FloatArray,
        differences: Differences,
        widthPx: Int,
    ) {
        val m = matrix
        val redGain = m[0] - 1f
        val blueGain = m[8] - 1f
        for (quad in 0 until light.size / 4) {
            val at = differences.at(quad % widthPx, quad / widthPx)
            val red = differences.red[at] * SCALE
            val blue = differences.blue[at] * SCALE
            val green = red * m[3] + blue * m[5]
            light[4 * quad] += red * redGain + blue * m[2]
            light[4 * quad + 1] += green
            light[4 * quad + 2] += green
            light[4 * quad + 3] += red * m[6] + blue * blueGain
        }
    }

    private companion object {
        /** Of the sums that [Differences.smoothed] leaves. */
        const val SCALE = 1f / 256
    }
}

/** What an inner window has of an outer one, four values per pixel. */
internal fun cut(
    values: FloatArray,
    outer: Area,
    inner: Area,
): FloatArray {
    val part = FloatArray(4 * inner.px)
    for (row in 0 until inner.heightPx) {
        val start = 4 * ((inner.topPx - outer.topPx + row) * outer.widthPx + inner.leftPx - outer.leftPx)
        values.copyInto(part, 4 * row * inner.widthPx, start, start + 4 * inner.widthPx)
    }
    return part
}

/** R - G and B - G of the quads within reach of a window, G the mean of its two sites; the frame's edge repeats. */
private class Differences(
    light: FloatArray,
    outer: Area,
    inner: Area,
    reachPx: Int,
) {
    private val widthPx = inner.widthPx + 2 * reachPx
    private val heightPx = inner.heightPx + 2 * reachPx
    val red = FloatArray(widthPx * heightPx)
    val blue = FloatArray(widthPx * heightPx)

    init {
        for (y in 0 until heightPx) {
            val row = (inner.topPx - reachPx + y - outer.topPx).coerceIn(0, outer.heightPx - 1)
            for (x in 0 until widthPx) {
                val column = (inner.leftPx - reachPx + x - outer.leftPx).coerceIn(0, outer.widthPx - 1)
                val quad = 4 * (row * outer.widthPx + column)
                val green = (light[quad + 1] + light[quad + 2]) * 0.5f
                red[at(x, y)] = light[quad] - green
                blue[at(x, y)] = light[quad + 3] - green
            }
        }
    }

    fun at(
        x: Int,
        y: Int,
    ): Int = y * widthPx + x

    /**
     * Smooths by the binomial kernel 1-4-6-4-1 along both sides, in place and times 256: sums of neighbours, four times
     * down, four across. Only the window's own quads are right then; they begin at the array's first.
     */
    fun smoothed(): Differences {
        for (values in listOf(red, blue)) {
            repeat(2 * SMOOTHING_REACH_PX) { addNext(values, widthPx) }
            repeat(2 * SMOOTHING_REACH_PX) { addNext(values, 1) }
        }
        return this
    }

    /** What runs over an edge is never among the window's own. */
    private fun addNext(
        values: FloatArray,
        step: Int,
    ) {
        for (at in 0 until values.size - step) values[at] += values[at + step]
    }
}
