package org.lwisp.core.picture

/** An upright sRGB picture: one 0xffRRGGBB per pixel, row by row. */
class Picture(
    val widthPx: Int,
    val heightPx: Int,
    val argb: IntArray,
)
