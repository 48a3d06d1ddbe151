package org.lwisp.core.raw

/** Sides of a packed frame: half those of its mosaic, whose 2x2 cells it consists of. */
data class PackedSize(
    val widthPx: Int,
    val heightPx: Int,
) {
    val px: Long get() = widthPx.toLong() * heightPx

    /** The whole frame as a rectangle. */
    val area get() = Area(0, 0, widthPx, heightPx)
}

/** A rectangle in pixels. */
data class Area(
    val leftPx: Int,
    val topPx: Int,
    val widthPx: Int,
    val heightPx: Int,
) {
    val px: Int get() = widthPx * heightPx

    /** The same rectangle in a tensor or picture with `resolution` pixels along a side per pixel of this one. */
    fun scaled(resolution: Double) =
        Area(
            exactly(leftPx * resolution),
            exactly(topPx * resolution),
            exactly(widthPx * resolution),
            exactly(heightPx * resolution),
        )

    /** This rectangle and what lies within reach of it, as far as a frame goes. */
    fun widened(
        reachPx: Int,
        frame: PackedSize,
    ): Area {
        val wide = Area(leftPx - reachPx, topPx - reachPx, widthPx + 2 * reachPx, heightPx + 2 * reachPx)
        return wide.intersected(frame.area)
    }

    /** What both contain; an empty rectangle where they don't meet. */
    fun intersected(other: Area): Area {
        val left = maxOf(leftPx, other.leftPx)
        val top = maxOf(topPx, other.topPx)
        val right = minOf(leftPx + widthPx, other.leftPx + other.widthPx)
        val bottom = minOf(topPx + heightPx, other.topPx + other.heightPx)
        return Area(left, top, maxOf(right - left, 0), maxOf(bottom - top, 0))
    }
}

/** Contracts are read so that tiles begin and end with pixels of every tensor. */
private fun exactly(px: Double): Int {
    check(px % 1 == 0.0) { "$px px isn't a whole number of pixels." }
    return px.toInt()
}
