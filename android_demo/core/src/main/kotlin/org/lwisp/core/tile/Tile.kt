package org.lwisp.core.tile

import org.lwisp.core.engine.PackedSize
import org.lwisp.core.raw.Area

/** One tile of a packed frame, in packed pixels. */
data class Tile(
    /** What the model is given: the kept part and the halo around it, inside the frame. */
    val input: Area,
    /** What of its output belongs to the picture; these parts cover the frame once. */
    val keep: Area,
)

/**
 * Cuts a frame into tiles of one size, so that one compiled model runs them all.
 *
 * Next to the frame's edge a tile has no halo: the network pads there as it does on the whole frame.
 * Tiles agree with the whole frame only if the image-wide quantities are given to each (the contract's `tiles`).
 *
 * frame: sides multiples of `multiple`. inputPx: a tile's side with its halo. haloPx: of the contract.
 * Raises IllegalArgumentException if nothing is left of a tile inside its halo.
 */
fun tiles(
    frame: PackedSize,
    inputPx: Int,
    haloPx: Int,
    multiple: Int,
): List<Tile> {
    require(
        frame.widthPx % multiple == 0 && frame.heightPx % multiple == 0,
    ) { "$frame isn't of multiples of $multiple." }
    val halo = (haloPx + multiple - 1) / multiple * multiple
    val columns = spans(frame.widthPx, inputPx / multiple * multiple, halo)
    val rows = spans(frame.heightPx, inputPx / multiple * multiple, halo)
    return rows.flatMap { row -> columns.map { column -> tile(column, row) } }
}

private class Span(
    val inputStart: Int,
    val inputSize: Int,
    val keepStart: Int,
    val keepEnd: Int,
)

private fun spans(
    size: Int,
    inputSize: Int,
    halo: Int,
): List<Span> {
    if (size <= inputSize) return listOf(Span(0, size, 0, size))
    require(inputSize > 2 * halo) {
        "A tile of $inputSize px has nothing inside a halo of $halo px; give more than ${2 * halo}."
    }
    val spans = ArrayList<Span>()
    var keepStart = 0
    while (keepStart < size) {
        val inputStart = (keepStart - halo).coerceIn(0, size - inputSize)
        val inputEnd = inputStart + inputSize
        val keepEnd = if (inputEnd == size) size else inputEnd - halo
        spans.add(Span(inputStart, inputSize, keepStart, keepEnd))
        keepStart = keepEnd
    }
    return spans
}

private fun tile(
    column: Span,
    row: Span,
): Tile =
    Tile(
        Area(column.inputStart, row.inputStart, column.inputSize, row.inputSize),
        Area(column.keepStart, row.keepStart, column.keepEnd - column.keepStart, row.keepEnd - row.keepStart),
    )
