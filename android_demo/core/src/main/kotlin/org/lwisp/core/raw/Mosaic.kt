package org.lwisp.core.raw

import org.lwisp.core.RawException
import java.nio.ByteBuffer

/** R, G and B at every pixel of a linear picture, of which the mosaic is a sample. */
private const val LINEAR_SAMPLES = 3

/**
 * Sensor samples, unsigned 16 bits, a view: nothing is copied, rows may be padded.
 *
 * The buffer's own byte order counts (an `Image.Plane` is little endian, a DNG may be big endian). isLinear: there are R,
 * G and B at every pixel, and the mosaic is one of them at each, as a sensor of the order RGGB has.
 */
class Mosaic(
    val widthPx: Int,
    val heightPx: Int,
    samples: ByteBuffer,
    private val rowStrideBytes: Int,
    private val isLinear: Boolean = false,
) {
    private val samples: ByteBuffer = samples.duplicate().order(samples.order())
    private val pixelBytes = if (isLinear) 2 * LINEAR_SAMPLES else 2

    init {
        if (minOf(widthPx, heightPx) < 2) {
            throw RawException("A mosaic of ${widthPx}x$heightPx px has no full 2x2 cell.")
        }
        if (rowStrideBytes < pixelBytes.toLong() * widthPx) {
            throw RawException("A row of $widthPx px doesn't fit into a stride of $rowStrideBytes bytes.")
        }
        val needed = (heightPx - 1L) * rowStrideBytes + pixelBytes.toLong() * widthPx
        if (samples.remaining() < needed) {
            throw RawException(
                "The mosaic has ${samples.remaining()} bytes; $needed are needed. The file is cut short.",
            )
        }
    }

    /** Copies one row into `row`, which has room for `widthPx` samples (read them with `and 0xffff`). */
    fun readRow(
        index: Int,
        row: ShortArray,
    ) {
        val view = samples.duplicate().order(samples.order())
        view.position(samples.position() + index * rowStrideBytes)
        val row16 = view.asShortBuffer()
        if (isLinear) {
            // RGGB: R or G in even rows, G or B in odd ones.
            for (column in 0 until widthPx) row[column] = row16.get(LINEAR_SAMPLES * column + index % 2 + column % 2)
        } else {
            row16.get(row, 0, widthPx)
        }
    }

    /** A part of this mosaic, sharing its samples. From an odd row or column on, the filters have another order. */
    fun crop(
        leftPx: Int,
        topPx: Int,
        widthPx: Int,
        heightPx: Int,
    ): Mosaic {
        require(leftPx >= 0 && topPx >= 0 && leftPx + widthPx <= this.widthPx && topPx + heightPx <= this.heightPx) {
            "A crop of ${widthPx}x$heightPx px at $leftPx, $topPx px leaves the mosaic."
        }
        val start = samples.duplicate().order(samples.order())
        start.position(samples.position() + topPx * rowStrideBytes + pixelBytes * leftPx)
        return Mosaic(widthPx, heightPx, start, rowStrideBytes, isLinear)
    }
}
