package org.lwisp.core.tile

import org.lwisp.core.engine.PackedSize
import org.lwisp.core.engine.Tensor
import org.lwisp.core.raw.Area

/** Cuts a tile's input out of a frame's packed planes. planes: of `frame`, `channels` values per pixel. */
fun cut(
    planes: Tensor,
    frame: PackedSize,
    area: Area,
    channels: Int,
): Tensor {
    val part = likeOf(planes, area.widthPx * area.heightPx * channels)
    for (row in 0 until area.heightPx) {
        val from = ((area.topPx + row) * frame.widthPx + area.leftPx) * channels
        copy(planes, from, part, row * area.widthPx * channels, area.widthPx * channels)
    }
    return part
}

/** Puts the kept part of a tile's output where it belongs in the picture. scale: output pixels per packed pixel. */
fun stitch(
    output: Tensor,
    tile: Tile,
    picture: Tensor,
    frame: PackedSize,
    scale: Int,
) {
    val keep = tile.keep
    for (row in 0 until keep.heightPx * scale) {
        val y = (keep.topPx - tile.input.topPx) * scale + row
        val from = (y * tile.input.widthPx * scale + (keep.leftPx - tile.input.leftPx) * scale) * RGB
        val to = ((keep.topPx * scale + row) * frame.widthPx * scale + keep.leftPx * scale) * RGB
        copy(output, from, picture, to, keep.widthPx * scale * RGB)
    }
}

/** An empty tensor of the same type. */
fun likeOf(
    tensor: Tensor,
    size: Int,
): Tensor =
    when (tensor) {
        is Tensor.Float32 -> Tensor.Float32(FloatArray(size))
        is Tensor.Int8 -> Tensor.Int8(ByteArray(size))
    }

private const val RGB = 3

private fun copy(
    from: Tensor,
    start: Int,
    to: Tensor,
    place: Int,
    count: Int,
) {
    when (from) {
        is Tensor.Float32 -> from.values.copyInto((to as Tensor.Float32).values, place, start, start + count)
        is Tensor.Int8 -> from.values.copyInto((to as Tensor.Int8).values, place, start, start + count)
    }
}
