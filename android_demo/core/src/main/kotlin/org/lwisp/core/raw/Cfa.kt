package org.lwisp.core.raw

import org.lwisp.core.RawException

/**
 * Colour filter order of the 2x2 cell at a mosaic's top left, in the order of Camera2's
 * `SENSOR_INFO_COLOR_FILTER_ARRANGEMENT`.
 */
enum class Cfa(
    /** Rows (0 or 1) to put before a mosaic so that it starts with RGGB. */
    val offsetRows: Int,
    /** Columns (0 or 1) to put before a mosaic so that it starts with RGGB. */
    val offsetColumns: Int,
) {
    RGGB(0, 0),
    GRBG(0, 1),
    GBRG(1, 0),
    BGGR(1, 1),
    ;

    /** The order from another row and column on. */
    fun from(
        rows: Int,
        columns: Int,
    ): Cfa =
        entries.first {
            it.offsetRows == (offsetRows + rows) % 2 &&
                it.offsetColumns == (offsetColumns + columns) % 2
        }

    /** For planes R, Gr, Gb, B: the index of each site in the mosaic's own cell, row by row. */
    fun siteOrder(): IntArray =
        IntArray(4) { plane -> (plane / 2 + offsetRows) % 2 * 2 + (plane % 2 + offsetColumns) % 2 }

    companion object {
        /** The order that Camera2 names by this number. Raises [RawException] for RGB, mono and infrared sensors. */
        fun ofCamera2(arrangement: Int): Cfa =
            entries.getOrNull(arrangement)
                ?: throw RawException(
                    "The sensor's filter arrangement ($arrangement) isn't Bayer; it can't be developed.",
                )
    }
}
