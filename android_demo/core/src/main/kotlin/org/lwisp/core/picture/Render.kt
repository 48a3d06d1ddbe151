package org.lwisp.core.picture

import org.lwisp.core.EngineException
import org.lwisp.core.contract.TensorSpec
import org.lwisp.core.engine.Tensor
import org.lwisp.core.engine.dequantized
import org.lwisp.core.raw.Area
import org.lwisp.core.tile.Tile

/**
 * Puts a model's tiles together to an upright 8-bit picture, cut to the mosaic's own pixels.
 *
 * spec: the picture's. visible: those pixels in the picture of the whole packed frame.
 */
class Rendering(
    private val spec: TensorSpec,
    private val visible: Area,
    private val orientation: Int,
) {
    /**
     * Stores what is kept of a tile. output: its part of the picture, (h, w, 3), halo included. Raises
     * [EngineException] if it has another size or contains NaN or infinity.
     */
    fun put(
        tile: Tile,
        output: Tensor,
        picture: PictureSink,
    ) {
        val input = tile.input.scaled(spec.resolution)
        if (output.size != 3 * input.px) {
            throw EngineException(
                "The model returned ${output.size} values instead of ${3 * input.px}. Export it again.",
            )
        }
        val kept = tile.keep.scaled(spec.resolution).intersected(visible)
        if (kept.px == 0) return
        val place = Area(kept.leftPx - visible.leftPx, kept.topPx - visible.topPx, kept.widthPx, kept.heightPx)
        val argb = upright(levels(output, spec), input, kept)
        picture.put(Turn(orientation, visible.widthPx, visible.heightPx).placed(place), argb)
    }

    private fun upright(
        levels: Levels,
        input: Area,
        kept: Area,
    ): IntArray {
        val turn = Turn(orientation, kept.widthPx, kept.heightPx)
        val argb = IntArray(kept.px)
        for (y in 0 until turn.heightPx) {
            for (x in 0 until turn.widthPx) {
                val place = turn.start + x * turn.stepX + y * turn.stepY
                val row = kept.topPx - input.topPx + place / kept.widthPx
                val column = kept.leftPx - input.leftPx + place % kept.widthPx
                argb[y * turn.widthPx + x] = pixel(levels, 3 * (row * input.widthPx + column))
            }
        }
        return argb
    }
}

/** Rounds [0, 1] to 8 bits, halves to even, as the Python runtime does. Raises [EngineException] on NaN or infinity. */
fun level8(value: Float): Int {
    if (value.isNaN() || value.isInfinite()) {
        throw EngineException("The model returned NaN or infinity; its weights or its input are broken.")
    }
    return minOf(maxOf(Math.rint((value * 255f).toDouble()).toInt(), 0), 255)
}

/** A tensor's values as 8-bit levels, by their index; primitive, because it is called for every value. */
private fun interface Levels {
    fun at(index: Int): Int
}

private fun levels(
    output: Tensor,
    spec: TensorSpec,
): Levels =
    when (output) {
        is Tensor.Float32 -> {
            Levels { level8(output.values[it]) }
        }

        is Tensor.Int8 -> {
            val levels = dequantized(spec).map(::level8).toIntArray()
            Levels { levels[output.values[it] + 128] }
        }
    }

private fun pixel(
    levels: Levels,
    at: Int,
): Int = (0xff shl 24) or (levels.at(at) shl 16) or (levels.at(at + 1) shl 8) or levels.at(at + 2)
