package org.lwisp.core.raw

import org.lwisp.core.RawException

/** A Bayer mosaic with its levels, colours and orientation. */
class RawFrame(
    val mosaic: Mosaic,
    val cfa: Cfa,
    /** Sensor value of black at the cell's four sites, row by row. */
    val blackLevel: DoubleArray,
    /** Sensor value at which a site saturates. */
    val whiteLevel: Double,
    /** Gains of R, G, B, all above 0; only their ratios matter. */
    val wbGains: DoubleArray,
    /** White-balanced linear camera RGB to linear sRGB, row by row; null if unknown. */
    val cameraToSrgb: DoubleArray?,
    /** EXIF orientation, 1 to 8. */
    val orientation: Int = 1,
) {
    init {
        if (blackLevel.size != 4 || !(whiteLevel > blackLevel.max())) {
            throw RawException("White level $whiteLevel isn't above the black levels ${blackLevel.joinToString()}.")
        }
        if (wbGains.size != 3 || !wbGains.all { it > 0 && it < Double.POSITIVE_INFINITY }) {
            throw RawException("White-balance gains ${wbGains.joinToString()} must be three finite numbers above 0.")
        }
        if (orientation !in 1..8) throw RawException("Orientation $orientation is unknown; EXIF has 1 to 8.")
    }

    /** Sides of the developed picture, turned upright: width and height. */
    val uprightSize: Pair<Int, Int>
        get() =
            if (orientation >= 5) {
                Pair(mosaic.heightPx, mosaic.widthPx)
            } else {
                Pair(mosaic.widthPx, mosaic.heightPx)
            }

    /** The frame's centre, at most this wide and high; sides even. */
    fun centred(
        maxWidthPx: Int,
        maxHeightPx: Int,
    ): RawFrame {
        if (mosaic.widthPx <= maxWidthPx && mosaic.heightPx <= maxHeightPx) return this
        val width = minOf(mosaic.widthPx, maxWidthPx) / 2 * 2
        val height = minOf(mosaic.heightPx, maxHeightPx) / 2 * 2
        val left = (mosaic.widthPx - width) / 4 * 2
        val top = (mosaic.heightPx - height) / 4 * 2
        val part = mosaic.crop(left, top, width, height)
        return RawFrame(part, cfa, blackLevel, whiteLevel, wbGains, cameraToSrgb, orientation)
    }
}
