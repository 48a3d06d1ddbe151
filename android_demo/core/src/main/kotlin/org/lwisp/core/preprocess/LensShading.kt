package org.lwisp.core.preprocess

import org.lwisp.core.raw.Area
import org.lwisp.core.raw.GainMap
import org.lwisp.core.raw.MapAxis
import org.lwisp.core.raw.RawFrame
import org.lwisp.core.raw.VignetteRadial
import kotlin.math.floor

/**
 * The product of all of a frame's shading gains, over any window of its packed planes.
 *
 * rows, columns: the mosaic's row and column of each of the aligned frame's. Where the frame is extended by reflection,
 * so is the gain.
 */
internal class LensShading(
    frame: RawFrame,
    rows: IntArray,
    columns: IntArray,
) {
    private val planes =
        List(4) { plane ->
            val sites = frame.placement
            val down = Sites(rows.everySecond(plane / 2, sites.topPx), sites.frameHeightPx)
            val across = Sites(columns.everySecond(plane % 2, sites.leftPx), sites.frameWidthPx)
            val maps = frame.corrections.gainMaps.map { MapGain(it, down, across) }
            maps.filter { it.touches } + frame.corrections.vignettes.map { RadialGain(it, down, across) }
        }

    /** Gains of R, Gr, Gb, B over a window in packed pixels: row by row, four values per pixel. */
    fun over(window: Area): FloatArray {
        val gains = FloatArray(4 * window.px) { 1f }
        planes.forEachIndexed { plane, parts -> parts.forEach { it.multiply(window, gains, plane) } }
        return gains
    }
}

/** One packed plane's rows (or columns) in the frame that the corrections count in. */
private class Sites(
    val places: IntArray,
    val sidePx: Int,
)

private fun IntArray.everySecond(
    first: Int,
    offset: Int,
) = IntArray(size / 2) { this[2 * it + first] + offset }

/** A gain over one packed plane. */
private interface PlaneGain {
    /** Multiplies every fourth value, from `plane` on, by the gain over a window. */
    fun multiply(
        window: Area,
        gains: FloatArray,
        plane: Int,
    )
}

/** Where sites along one side lie between a map's points: at index + fraction. Computed in 64 bits, rounded once. */
private class Axis(
    map: MapAxis,
    sites: Sites,
) {
    private val intervals = map.count - 1
    private val positions = DoubleArray(sites.places.size) { position(sites.places[it], sites.sidePx, map) }

    val index = IntArray(positions.size) { minOf(floor(positions[it]).toInt(), maxOf(intervals - 1, 0)) }
    val fraction = FloatArray(positions.size) { (positions[it] - index[it]).toFloat() }

    /** Whether the map is for this site at all. */
    val inside =
        BooleanArray(positions.size) {
            val place = sites.places[it]
            place >= map.start && place < map.stop && (place - map.start) % map.pitch == 0
        }

    private fun position(
        place: Int,
        sidePx: Int,
        map: MapAxis,
    ): Double {
        if (intervals == 0) return 0.0
        val position = ((place + 0.5) / sidePx - map.origin) / map.spacing
        return minOf(maxOf(position, 0.0), intervals.toDouble())
    }
}

/** A gain map over one packed plane: interpolated along rows first, low + fraction (high - low) in 32 bits. */
private class MapGain(
    private val map: GainMap,
    down: Sites,
    across: Sites,
) : PlaneGain {
    private val row = Axis(map.down, down)
    private val column = Axis(map.across, across)

    /** Whether any site has a gain from this map. */
    val touches = row.inside.any { it } && column.inside.any { it }

    override fun multiply(
        window: Area,
        gains: FloatArray,
        plane: Int,
    ) {
        val lines = HashMap<Int, FloatArray>()
        for (y in 0 until window.heightPx) {
            val at = window.topPx + y
            if (!row.inside[at]) continue
            val low = lines.getOrPut(row.index[at]) { line(row.index[at], window) }
            val high = lines.getOrPut(row.index[at] + 1) { line(row.index[at] + 1, window) }
            for (x in 0 until window.widthPx) {
                if (!column.inside[window.leftPx + x]) continue
                gains[4 * (y * window.widthPx + x) + plane] *= (high[x] - low[x]) * row.fraction[at] + low[x]
            }
        }
    }

    /** A row of the map's points at the window's columns. */
    private fun line(
        index: Int,
        window: Area,
    ): FloatArray {
        val start = minOf(index, map.down.count - 1) * map.across.count
        return FloatArray(window.widthPx) {
            val at = window.leftPx + it
            val low = map.gains[start + column.index[at]]
            val high = map.gains[start + minOf(column.index[at] + 1, map.across.count - 1)]
            low + column.fraction[at] * (high - low)
        }
    }
}

/** A radial polynomial over one packed plane: 1 + s (k0 + s (k1 + s (k2 + s (k3 + s k4)))), s = y2 + x2. */
private class RadialGain(
    vignette: VignetteRadial,
    down: Sites,
    across: Sites,
) : PlaneGain {
    private val coefficients = FloatArray(5) { vignette.coefficients[it].toFloat() }
    private val y2: FloatArray
    private val x2: FloatArray

    init {
        val middleY = vignette.centerY * down.sidePx
        val middleX = vignette.centerX * across.sidePx
        val farthest = farther(middleY, down.sidePx) + farther(middleX, across.sidePx)
        y2 = squares(down, middleY, farthest)
        x2 = squares(across, middleX, farthest)
    }

    override fun multiply(
        window: Area,
        gains: FloatArray,
        plane: Int,
    ) {
        for (y in 0 until window.heightPx) {
            for (x in 0 until window.widthPx) {
                val square = y2[window.topPx + y] + x2[window.leftPx + x]
                gains[4 * (y * window.widthPx + x) + plane] *= gainAt(square)
            }
        }
    }

    private fun gainAt(square: Float): Float {
        var gain = square * coefficients[4]
        for (power in 3 downTo 0) gain = (gain + coefficients[power]) * square
        return gain + 1f
    }

    /** Square of the distance of a centre from the farther edge. */
    private fun farther(
        middle: Double,
        sidePx: Int,
    ): Double = maxOf(middle, sidePx - middle).let { it * it }

    private fun squares(
        sites: Sites,
        middle: Double,
        farthest: Double,
    ) = FloatArray(sites.places.size) { at ->
        val distance = sites.places[at] + 0.5 - middle
        (distance * distance / farthest).toFloat()
    }
}
