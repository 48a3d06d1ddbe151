package org.lwisp.core.picture

import org.lwisp.core.raw.Area

/** Where a developed picture goes, rectangle by rectangle. */
fun interface PictureSink {
    /** Stores a part of the upright picture: one 0xffRRGGBB per pixel, row by row. Parts don't overlap. */
    fun put(
        part: Area,
        argb: IntArray,
    )
}

/** An upright sRGB picture on the heap: one 0xffRRGGBB per pixel, row by row. */
class Picture(
    val widthPx: Int,
    val heightPx: Int,
    val argb: IntArray = IntArray(widthPx * heightPx),
) : PictureSink {
    override fun put(
        part: Area,
        argb: IntArray,
    ) {
        for (row in 0 until part.heightPx) {
            val at = (part.topPx + row) * widthPx + part.leftPx
            argb.copyInto(this.argb, at, row * part.widthPx, (row + 1) * part.widthPx)
        }
    }
}
