package org.lwisp.core.capture

import org.lwisp.core.raw.Cfa
import org.lwisp.core.raw.NoiseProfile

/** Camera2's channels of a shading map; greens are told apart by the sensor's row that they lie in. */
private const val RED = 0
private const val GREEN_OF_EVEN_ROWS = 1
private const val GREEN_OF_ODD_ROWS = 2
private const val BLUE = 3

/** A lens-shading map as Camera2 reports it: points from edge to edge of the sensor's active array. */
class ShadingMap(
    val rows: Int,
    val columns: Int,
    /** By channel, row and column: R, green of even rows, green of odd rows, B. */
    val gain: (Int, Int, Int) -> Float,
) {
    /** Gains at one site of the active array's 2x2 cell, row by row. topRow: the sensor's row where the array begins. */
    fun ofSite(
        cfa: Cfa,
        site: Int,
        topRow: Int,
    ): FloatArray {
        val isEvenRow = (topRow + site / 2) % 2 == 0
        val channel =
            when (cfa.name[site]) {
                'R' -> RED
                'B' -> BLUE
                else -> if (isEvenRow) GREEN_OF_EVEN_ROWS else GREEN_OF_ODD_ROWS
            }
        return FloatArray(rows * columns) { gain(channel, it / columns, it % columns) }
    }
}

/** Camera2's noise, (scale, offset) of each site of the 2x2 cell, as that of R, G and B. */
fun noiseOfSites(
    cfa: Cfa,
    sites: List<Pair<Double, Double>>,
): NoiseProfile {
    val mean = { letter: Char, part: (Pair<Double, Double>) -> Double ->
        sites.filterIndexed { site, _ -> cfa.name[site] == letter }.map(part).average()
    }
    return NoiseProfile(
        DoubleArray(3) { color -> mean("RGB"[color]) { it.first } },
        DoubleArray(3) { color -> mean("RGB"[color]) { it.second } },
    )
}
