package org.lwisp.core.picture

import org.lwisp.core.raw.Area

/**
 * How an EXIF orientation reads a stored picture upright: pixel (x, y) of the upright one is at
 * `start + x * stepX + y * stepY` of the stored one.
 */
internal class Turn(
    orientation: Int,
    private val storedWidthPx: Int,
    private val storedHeightPx: Int,
) {
    private val swapped = orientation >= 5
    private val rowsFlipped = orientation in setOf(3, 4, 6, 7)
    private val columnsFlipped = orientation in setOf(2, 3, 7, 8)

    val widthPx = if (swapped) storedHeightPx else storedWidthPx
    val heightPx = if (swapped) storedWidthPx else storedHeightPx

    private val rowStep = if (rowsFlipped) -storedWidthPx else storedWidthPx
    private val columnStep = if (columnsFlipped) -1 else 1

    val start =
        (if (rowsFlipped) (storedHeightPx - 1) * storedWidthPx else 0) + (if (columnsFlipped) storedWidthPx - 1 else 0)
    val stepX = if (swapped) rowStep else columnStep
    val stepY = if (swapped) columnStep else rowStep

    /** Where a rectangle of the stored picture lies in the upright one. */
    fun placed(stored: Area): Area {
        val left = if (columnsFlipped) storedWidthPx - stored.leftPx - stored.widthPx else stored.leftPx
        val top = if (rowsFlipped) storedHeightPx - stored.topPx - stored.heightPx else stored.topPx
        return if (swapped) {
            Area(top, left, stored.heightPx, stored.widthPx)
        } else {
            Area(left, top, stored.widthPx, stored.heightPx)
        }
    }
}

/** The pixels of a stored rectangle, turned upright. pixel: by stored row and column. */
internal inline fun turned(
    orientation: Int,
    storedWidthPx: Int,
    storedHeightPx: Int,
    pixel: (Int, Int) -> Int,
): IntArray {
    val turn = Turn(orientation, storedWidthPx, storedHeightPx)
    val argb = IntArray(storedWidthPx * storedHeightPx)
    for (y in 0 until turn.heightPx) {
        for (x in 0 until turn.widthPx) {
            val place = turn.start + x * turn.stepX + y * turn.stepY
            argb[y * turn.widthPx + x] = pixel(place / storedWidthPx, place % storedWidthPx)
        }
    }
    return argb
}
