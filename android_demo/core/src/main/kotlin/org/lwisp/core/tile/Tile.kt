package org.lwisp.core.tile

import org.lwisp.core.contract.SignatureContract
import org.lwisp.core.raw.Area
import org.lwisp.core.raw.PackedSize

/** Along one side of a frame, in packed pixels: a tile, and the part of its result that is kept. */
data class Span(
    val start: Int,
    val stop: Int,
    val keepStart: Int,
    val keepStop: Int,
)

/** One tile of a packed frame, in packed pixels. */
data class Tile(
    /** What the model is given: the kept part and the halo around it, inside the frame. */
    val input: Area,
    /** What of its output is kept; these parts cover the frame once. */
    val keep: Area,
)

/** How one stage goes over a frame: tiles of one size, row by row. */
class TilePlan(
    val signature: SignatureContract,
    val tile: PackedSize,
    val rows: List<Span>,
    val columns: List<Span>,
) {
    val count: Int get() = rows.size * columns.size

    /** Multiply-adds of all tiles, halos included. */
    val macs: Double get() = count * tile.px * signature.macsPerPackedPx

    fun tiles(): List<Tile> = rows.flatMap { row -> columns.map { column -> tileOf(row, column) } }
}

/** Lays tiles of a size over a frame. */
fun layTiles(
    frame: PackedSize,
    signature: SignatureContract,
    tile: PackedSize,
) = TilePlan(
    signature,
    tile,
    splitSide(frame.heightPx, tile.heightPx, signature.haloPx),
    splitSide(frame.widthPx, tile.widthPx, signature.haloPx),
)

/**
 * Lays tiles of one length along a side, so that one compiled model runs them all.
 *
 * Every kept part has its halo inside its tile, or ends with the frame where its tile does: there the network pads
 * as it does on the whole frame. Kept parts lie end to end. tilePx: at most sidePx; under it, over 2 * haloPx.
 */
fun splitSide(
    sidePx: Int,
    tilePx: Int,
    haloPx: Int,
): List<Span> {
    require(tilePx == sidePx || tilePx in 2 * haloPx + 1 until sidePx) {
        "A tile of $tilePx px along $sidePx px has nothing inside a halo of $haloPx px."
    }
    if (tilePx == sidePx) return listOf(Span(0, sidePx, 0, sidePx))
    val last = sidePx - tilePx
    val starts = (0 until last step tilePx - 2 * haloPx).toList() + last
    val edges = listOf(0) + starts.drop(1).map { it + haloPx } + sidePx
    return starts.mapIndexed { index, start -> Span(start, start + tilePx, edges[index], edges[index + 1]) }
}

private fun tileOf(
    row: Span,
    column: Span,
) = Tile(
    Area(column.start, row.start, column.stop - column.start, row.stop - row.start),
    Area(column.keepStart, row.keepStart, column.keepStop - column.keepStart, row.keepStop - row.keepStart),
)
