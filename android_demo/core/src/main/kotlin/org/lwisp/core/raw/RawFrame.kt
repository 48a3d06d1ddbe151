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
    val corrections: Corrections = Corrections(),
    /** Where this mosaic lies in the frame that the corrections count in. */
    val placement: Placement = Placement(0, 0, mosaic.widthPx, mosaic.heightPx),
    /** What of the developed mosaic, before it's turned upright, is the picture. */
    val picture: Area = Area(0, 0, mosaic.widthPx, mosaic.heightPx),
    /** What the file asks for and isn't honoured, and what was assumed, for the user to read. */
    val notes: List<String> = emptyList(),
) {
    init {
        if (blackLevel.size != 4 || !(whiteLevel > blackLevel.max())) {
            throw RawException("White level $whiteLevel isn't above the black levels ${blackLevel.joinToString()}.")
        }
        if (wbGains.size != 3 || !wbGains.all { it > 0 && it < Double.POSITIVE_INFINITY }) {
            throw RawException("White-balance gains ${wbGains.joinToString()} must be three finite numbers above 0.")
        }
        if (picture.leftPx < 0 || picture.topPx < 0 || minOf(picture.widthPx, picture.heightPx) < 2 ||
            picture.leftPx > mosaic.widthPx - picture.widthPx || picture.topPx > mosaic.heightPx - picture.heightPx
        ) {
            throw RawException(
                "The crop $picture isn't within the ${mosaic.widthPx}x${mosaic.heightPx} px. Convert it.",
            )
        }
        if (orientation !in 1..8) throw RawException("Orientation $orientation is unknown; EXIF has 1 to 8.")
    }

    /** Sides of the developed picture, turned upright: width and height. */
    val uprightSize: Pair<Int, Int>
        get() =
            if (orientation >= 5) {
                Pair(picture.heightPx, picture.widthPx)
            } else {
                Pair(picture.widthPx, picture.heightPx)
            }

    /**
     * The picture's centre, at most this wide and high; sides even. Its distortion stays: what it would be undone from may
     * lie outside.
     */
    fun centred(
        maxWidthPx: Int,
        maxHeightPx: Int,
    ): RawFrame {
        if (picture.widthPx <= maxWidthPx && picture.heightPx <= maxHeightPx) return this
        val width = minOf(picture.widthPx, maxWidthPx) / 2 * 2
        val height = minOf(picture.heightPx, maxHeightPx) / 2 * 2
        val left = (picture.leftPx + (picture.widthPx - width) / 2) / 2 * 2
        val top = (picture.topPx + (picture.heightPx - height) / 2) / 2 * 2
        val part = mosaic.crop(left, top, width, height)
        val place = placement.run { Placement(leftPx + left, topPx + top, frameWidthPx, frameHeightPx) }
        val all = Area(0, 0, width, height)
        return RawFrame(
            part,
            cfa,
            blackLevel,
            whiteLevel,
            wbGains,
            cameraToSrgb,
            orientation,
            corrections.withoutWarps(),
            place,
            all,
            notes,
        )
    }
}
