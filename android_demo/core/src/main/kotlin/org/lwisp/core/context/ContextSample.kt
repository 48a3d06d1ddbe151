package org.lwisp.core.context

import org.lwisp.core.contract.ContextContract
import org.lwisp.core.preprocess.Preparation
import org.lwisp.core.raw.Area
import org.lwisp.core.raw.PackedSize

/** Crops of a frame put together to one small one, which its image-wide quantities are taken from. */
class ContextSample(
    val size: PackedSize,
    /** As [Preparation.planes]. */
    val planes: FloatArray,
)

/** A crop's place along one side, in packed pixels. */
data class CropSpan(
    val start: Int,
    val stop: Int,
)

/**
 * Cuts the grid of crops out of a frame. A reduced frame wouldn't do: it has less noise than the frame, and the
 * channel gates follow the noise. multiple: of the contract's sides.
 */
fun contextSample(
    frame: Preparation,
    context: ContextContract,
    multiple: Int,
): ContextSample {
    val rows = cropSpans(frame.size.heightPx, context, multiple)
    val columns = cropSpans(frame.size.widthPx, context, multiple)
    val size = PackedSize(columns.sumOf { it.stop - it.start }, rows.sumOf { it.stop - it.start })
    val sample = ContextSample(size, FloatArray((frame.count * size.px).toInt()))
    var top = 0
    for (row in rows) {
        var left = 0
        for (column in columns) {
            val crop = Area(column.start, row.start, column.stop - column.start, row.stop - row.start)
            place(frame.planes(crop), frame.count * crop.widthPx, sample, frame.count * left, top)
            left += crop.widthPx
        }
        top += row.stop - row.start
    }
    return sample
}

/** Where the crops lie along a side: from edge to edge; a side that isn't longer than the grid is taken as it is. */
fun cropSpans(
    sidePx: Int,
    context: ContextContract,
    multiple: Int,
): List<CropSpan> {
    if (sidePx <= context.grid * context.cropPx) return listOf(CropSpan(0, sidePx - sidePx % multiple))
    val last = sidePx - context.cropPx
    val gaps = context.grid - 1
    // Whole numbers only, halves up: the Python runtime's places.
    return List(context.grid) { index ->
        val start = (2 * index * last + gaps) / (2 * gaps)
        CropSpan(start, start + context.cropPx)
    }
}

/** Rows are counted in values here, of which each pixel has as many as there are planes. */
private fun place(
    crop: FloatArray,
    cropRow: Int,
    sample: ContextSample,
    left: Int,
    topPx: Int,
) {
    val sampleRow = sample.planes.size / sample.size.heightPx
    for (row in 0 until crop.size / cropRow) {
        crop.copyInto(sample.planes, (topPx + row) * sampleRow + left, row * cropRow, (row + 1) * cropRow)
    }
}
