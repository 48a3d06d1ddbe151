package org.lwisp.core.picture

import org.lwisp.core.engine.FeatureAllocator
import org.lwisp.core.engine.FeatureMemory
import org.lwisp.core.raw.Area
import org.lwisp.core.raw.RawFrame
import org.lwisp.core.raw.WarpRectilinear
import kotlin.math.hypot

private const val COLORS = 3

/** Pixels moved at a time. */
private const val STRIP_PX = 1 shl 17

/** What [DistortedPicture] takes outside the heap for a frame, beside the finished picture. */
internal fun distortionBytes(
    frame: RawFrame,
    warps: List<WarpRectilinear>,
): Long = COLORS.toLong() * frame.mosaic.run { widthPx.toLong() * heightPx } * minOf(warps.size, 2)

/**
 * A developed mosaic as its lens drew it: 8-bit R, G, B, neither cut nor turned. [finish] makes the picture of it as the
 * Python runtime does: distortion undone, the picture cut out, turned upright.
 */
internal class DistortedPicture(
    private val widthPx: Int,
    private val heightPx: Int,
    private val allocator: FeatureAllocator,
) : PictureSink,
    AutoCloseable {
    private var stored: FeatureMemory = allocator.allocate(COLORS * widthPx * heightPx)

    override fun put(
        part: Area,
        argb: IntArray,
    ) {
        for (row in 0 until part.heightPx) {
            store(part.topPx + row, part.leftPx, argb, row * part.widthPx, part.widthPx)
        }
    }

    /** warps: at least one. picture: of the frame's upright size. */
    fun finish(
        frame: RawFrame,
        warps: List<WarpRectilinear>,
        picture: PictureSink,
    ) {
        warps.dropLast(1).forEach(::undistort)
        val (crop, strip) = Pair(frame.picture, maxOf(1, STRIP_PX / frame.picture.widthPx))
        val turn = Turn(frame.orientation, crop.widthPx, crop.heightPx)
        for (top in 0 until crop.heightPx step strip) {
            val height = minOf(strip, crop.heightPx - top)
            val moved = undistorted(warps.last(), Area(crop.leftPx, crop.topPx + top, crop.widthPx, height))
            val argb =
                turned(frame.orientation, crop.widthPx, height) { row, column ->
                    moved[
                        row * crop.widthPx +
                            column,
                    ]
                }
            picture.put(turn.placed(Area(0, top, crop.widthPx, height)), argb)
        }
    }

    override fun close() = stored.close()

    private fun undistort(warp: WarpRectilinear) {
        val next = DistortedPicture(widthPx, heightPx, allocator)
        val strip = maxOf(1, STRIP_PX / widthPx)
        for (top in 0 until heightPx step strip) {
            val part = Area(0, top, widthPx, minOf(strip, heightPx - top))
            next.put(part, undistorted(warp, part))
        }
        stored.close()
        stored = next.stored
    }

    private fun undistorted(
        warp: WarpRectilinear,
        part: Area,
    ): IntArray {
        val argb = IntArray(part.px) { 0xff shl 24 }
        warp.coefficients.forEachIndexed { index, row ->
            val colors = if (warp.coefficients.size == 1) 0 until COLORS else index..index
            val lens = LensWarp(row, warp, widthPx, heightPx)
            for (y in 0 until part.heightPx) {
                for (x in 0 until part.widthPx) {
                    lens.look(part.leftPx + x, part.topPx + y)
                    for (color in colors) {
                        argb[y * part.widthPx + x] =
                            argb[y * part.widthPx + x] or (lens.value(color) shl (16 - 8 * color))
                    }
                }
            }
        }
        return argb
    }

    private fun LensWarp.value(color: Int): Int =
        interpolated(
            at(top, left, color),
            at(top, left + 1, color),
            at(top + 1, left, color),
            at(top + 1, left + 1, color),
        )

    private fun at(
        row: Int,
        column: Int,
        color: Int,
    ): Float = (stored.bytes.get(COLORS * (row * widthPx + column) + color).toInt() and 0xff).toFloat()

    private fun store(
        row: Int,
        column: Int,
        argb: IntArray,
        start: Int,
        count: Int,
    ) {
        val line = ByteArray(COLORS * count)
        for (index in line.indices) {
            line[index] = (argb[start + index / COLORS] ushr (16 - 8 * (index % COLORS))).toByte()
        }
        val view = stored.bytes.duplicate()
        view.position(COLORS * (row * widthPx + column))
        view.put(line)
    }
}

/** Where one pixel is taken from: between four, bilinearly; beyond the border, its nearest pixel. */
private class LensWarp(
    private val coefficients: DoubleArray,
    warp: WarpRectilinear,
    private val widthPx: Int,
    private val heightPx: Int,
) {
    private val centerY = warp.centerY * heightPx - 0.5
    private val centerX = warp.centerX * widthPx - 0.5
    private val farthest =
        hypot(
            maxOf(centerY + 0.5, heightPx - centerY - 0.5),
            maxOf(centerX + 0.5, widthPx - centerX - 0.5),
        )

    var top = 0
        private set
    var left = 0
        private set
    private var down = 0f
    private var right = 0f

    /** Computed in 64 bits in the order of the Python runtime; the fractions are rounded once. */
    fun look(
        column: Int,
        row: Int,
    ) {
        val dy = (row - centerY) / farthest
        val dx = (column - centerX) / farthest
        val square = minOf(dy * dy + dx * dx, 1.0)
        val radial = coefficients.run { this[0] + square * (this[1] + square * (this[2] + square * this[3])) }
        val kt0 = coefficients[4]
        val kt1 = coefficients[5]
        val y = dy * radial + kt1 * 2 * dx * dy + kt0 * (square + 2 * dy * dy)
        val x = dx * radial + kt0 * 2 * dx * dy + kt1 * (square + 2 * dx * dx)
        val sourceY = minOf(maxOf(centerY + farthest * y, 0.0), heightPx - 1.0)
        val sourceX = minOf(maxOf(centerX + farthest * x, 0.0), widthPx - 1.0)
        top = minOf(sourceY.toInt(), heightPx - 2)
        left = minOf(sourceX.toInt(), widthPx - 2)
        down = (sourceY - top).toFloat()
        right = (sourceX - left).toFloat()
    }

    fun interpolated(
        topLeft: Float,
        topRight: Float,
        bottomLeft: Float,
        bottomRight: Float,
    ): Int {
        val above = topLeft * (1 - right) + topRight * right
        val below = bottomLeft * (1 - right) + bottomRight * right
        return Math.rint((above * (1 - down) + below * down).toDouble()).toInt()
    }
}
