package org.lwisp.core.raw

/** Sides of a packed frame: half those of its mosaic, whose 2x2 cells it holds. */
data class PackedSize(
    val widthPx: Int,
    val heightPx: Int,
) {
    val px: Long get() = widthPx.toLong() * heightPx
}

/** A rectangle in pixels. */
data class Area(
    val leftPx: Int,
    val topPx: Int,
    val widthPx: Int,
    val heightPx: Int,
) {
    val px: Int get() = widthPx * heightPx

    /** The same rectangle in a picture `factor` times as large. */
    fun scaled(factor: Int) = Area(leftPx * factor, topPx * factor, widthPx * factor, heightPx * factor)

    /** What both hold; an empty rectangle where they don't meet. */
    fun intersected(other: Area): Area {
        val left = maxOf(leftPx, other.leftPx)
        val top = maxOf(topPx, other.topPx)
        val right = minOf(leftPx + widthPx, other.leftPx + other.widthPx)
        val bottom = minOf(topPx + heightPx, other.topPx + other.heightPx)
        return Area(left, top, maxOf(right - left, 0), maxOf(bottom - top, 0))
    }
}
