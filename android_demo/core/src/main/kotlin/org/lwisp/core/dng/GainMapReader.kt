package org.lwisp.core.dng

import org.lwisp.core.raw.Area
import org.lwisp.core.raw.Cfa
import org.lwisp.core.raw.GainMap
import org.lwisp.core.raw.MAX_GAIN
import org.lwisp.core.raw.MapAxis
import java.nio.ByteBuffer

private const val MAP_HEAD_BYTES = 76

/** Points of one map; phones write some hundreds. */
private const val MAX_MAP_POINTS = 1L shl 18
private const val MOST_PITCH = 1L shl 20

/**
 * One GainMap's parameters, checked. planes: of the picture that the opcode is for: 1 for a mosaic, 3 for R, G, B.
 *
 * Raises [org.lwisp.core.RawException] if they are damaged.
 */
internal class GainMapReader(
    parameters: ByteBuffer,
    area: Area,
    private val planes: Int,
) {
    private val first: Long
    private val last: Long
    private val mapPlanes: Int
    private val gains: FloatArray
    private val down: MapAxis
    private val across: MapAxis

    init {
        val size = parameters.limit()
        if (size < MAP_HEAD_BYTES) throw damaged("$size bytes; at least $MAP_HEAD_BYTES are needed")
        val (top, left, bottom, right) = List(4) { parameters.unsigned() }
        val (plane, count) = List(2) { parameters.unsigned() }
        val (rowPitch, columnPitch) = List(2) { minOf(parameters.unsigned(), MOST_PITCH).toInt() }
        val (rows, columns) = List(2) { parameters.unsigned() }
        val (rowSpacing, columnSpacing, rowOrigin, columnOrigin) = List(4) { parameters.getDouble() }
        val mapPlanes = parameters.unsigned()
        checkPoints(rows, columns, mapPlanes, size)
        if (top >= minOf(bottom, area.heightPx.toLong()) || left >= minOf(right, area.widthPx.toLong())) {
            throw damaged("the area $top, $left, $bottom, $right, which holds none of the picture")
        }
        if (count < 1 || plane >= planes) throw damaged("$count planes from $plane on; there are $planes")
        first = plane
        last = minOf(plane + count, planes.toLong())
        this.mapPlanes = mapPlanes.toInt()
        gains = FloatArray((rows * columns * mapPlanes).toInt()) { parameters.getFloat() }
        if (!gains.all { it > 0 && it <= MAX_GAIN }) throw damaged("gains outside of 0 to $MAX_GAIN")
        down = axis(rows, rowOrigin, rowSpacing, top, minOf(bottom, area.heightPx.toLong()), rowPitch)
        across = axis(columns, columnOrigin, columnSpacing, left, minOf(right, area.widthPx.toLong()), columnPitch)
    }

    /** The map of one plane; where it has fewer planes than the picture, its last one stands for the rest. */
    fun ofPlane(index: Int): GainMap = map(index, down, across)

    /** A map of R, G and B as maps of the mosaic's sites; null if it leaves rows or columns out. */
    fun ofColors(cfa: Cfa): List<GainMap>? {
        if (down.pitch != 1 || across.pitch != 1) return null
        if (last - first == 3L && mapPlanes == 1) return listOf(ofPlane(0))
        return cfa.name.mapIndexedNotNull { site, letter ->
            val color = "RGB".indexOf(letter)
            val (row, column) = Pair(down.ofPhase(site / 2), across.ofPhase(site % 2))
            if (color < first || color >= last || row == null || column == null) null else map(color, row, column)
        }
    }

    private fun map(
        plane: Int,
        down: MapAxis,
        across: MapAxis,
    ): GainMap {
        val chosen = minOf(plane, mapPlanes - 1)
        return GainMap(down, across, FloatArray(down.count * across.count) { gains[it * mapPlanes + chosen] })
    }

    private fun checkPoints(
        rows: Long,
        columns: Long,
        mapPlanes: Long,
        size: Int,
    ) {
        val isPossible = listOf(rows, columns, mapPlanes).all { it in 1..MAX_MAP_POINTS }
        val points = if (isPossible && rows * columns <= MAX_MAP_POINTS) rows * columns * mapPlanes else 0
        if (points !in 1..MAX_MAP_POINTS || size - MAP_HEAD_BYTES != (4 * points).toInt()) {
            throw damaged("${rows}x${columns}x$mapPlanes points in $size bytes")
        }
    }

    /** A single point has no neighbour to lie between. */
    private fun axis(
        count: Long,
        origin: Double,
        spacing: Double,
        start: Long,
        stop: Long,
        pitch: Int,
    ): MapAxis {
        val place = if (count == 1L) 0.0 else origin
        val distance = if (count == 1L) 1.0 else spacing
        return MapAxis(count.toInt(), place, distance, start.toInt(), stop.toInt(), pitch)
    }

    private fun damaged(found: String) = broken("GainMap", found)
}

/** Every second row (or column) of a map, from the first of this phase (0 or 1) on; null if there is none. */
private fun MapAxis.ofPhase(phase: Int): MapAxis? {
    val first = start + Math.floorMod(phase - start, 2)
    return if (first < stop) MapAxis(count, origin, spacing, first, stop, 2) else null
}

/** Whether a map can reach rows (or columns) of this phase of the 2x2 cell. */
internal fun MapAxis.touches(phase: Int): Boolean = pitch % 2 == 1 || start % 2 == phase
