package org.lwisp.core.capture

import org.lwisp.core.raw.Area
import org.lwisp.core.raw.Cfa
import org.lwisp.core.raw.GainMap
import org.lwisp.core.raw.MapAxis
import org.lwisp.core.raw.NoiseProfile

/** Camera2's channels of a shading map; greens are told apart by the row that they lie in. */
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
    /**
     * A gain map for each site of the 2x2 cell, as `DngCreator` writes them. image: sides of the RAW image. active: the
     * active array within it.
     */
    fun gainMaps(
        cfa: Cfa,
        image: Area,
        active: Area,
    ): List<GainMap> =
        List(4) { site ->
            val down = axis(rows, image.heightPx, active.topPx, active.heightPx, site / 2)
            val across = axis(columns, image.widthPx, active.leftPx, active.widthPx, site % 2)
            val channel = channel(cfa, site)
            GainMap(down, across, FloatArray(rows * columns) { gain(channel, it / columns, it % columns) })
        }

    private fun axis(
        count: Int,
        sidePx: Int,
        startPx: Int,
        lengthPx: Int,
        phase: Int,
    ): MapAxis {
        val spacing = if (count == 1) 1.0 else lengthPx.toDouble() / sidePx / (count - 1)
        return MapAxis(count, startPx.toDouble() / sidePx, spacing, phase, sidePx, 2)
    }

    private fun channel(
        cfa: Cfa,
        site: Int,
    ): Int =
        when (cfa.name[site]) {
            'R' -> RED
            'B' -> BLUE
            else -> if (site / 2 == 0) GREEN_OF_EVEN_ROWS else GREEN_OF_ODD_ROWS
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
