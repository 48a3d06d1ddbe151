package org.lwisp.core.picture

import org.lwisp.core.EngineException
import org.lwisp.core.contract.ElementType
import org.lwisp.core.contract.TensorSpec
import org.lwisp.core.engine.Tensor
import org.lwisp.core.raw.Area
import org.lwisp.core.tile.Tile

/**
 * Puts a model's tiles together to an upright 8-bit picture, cut to the mosaic's own pixels.
 *
 * spec: the picture's. visible: those pixels in the picture of the whole packed frame. tone: a picture's curve.
 */
class Rendering(
    private val spec: TensorSpec,
    private val visible: Area,
    private val orientation: Int,
    tone: ToneCurve,
) {
    private val levels = levelsOf(spec, tone)

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
        val turn = Turn(orientation, visible.widthPx, visible.heightPx)
        picture.put(turn.placed(place), argb(output, input, kept))
    }

    private fun argb(
        output: Tensor,
        input: Area,
        kept: Area,
    ): IntArray {
        val top = kept.topPx - input.topPx
        val left = kept.leftPx - input.leftPx
        return turned(orientation, kept.widthPx, kept.heightPx) { row, column ->
            levels.pixel(output, 3 * ((top + row) * input.widthPx + left + column))
        }
    }
}

/** Rounds [0, 1] to 8 bits, halves to even, as the Python runtime does. Raises [EngineException] on NaN or infinity. */
fun level8(value: Float): Int {
    if (value.isNaN() || value.isInfinite()) {
        throw EngineException("The model returned NaN or infinity; its weights or its input are broken.")
    }
    return minOf(maxOf(Math.rint((value * 255f).toDouble()).toInt(), 0), 255)
}

/** A model's values as pixels; primitive, because it is called for each of them. */
private fun interface Levels {
    /** at: the index of its red value. */
    fun pixel(
        output: Tensor,
        at: Int,
    ): Int
}

private fun levelsOf(
    spec: TensorSpec,
    tone: ToneCurve,
): Levels {
    if (spec.type == ElementType.FLOAT32) {
        return Levels { output, at ->
            val values = (output as Tensor.Float32).values
            argb(level8(tone.of(values[at])), level8(tone.of(values[at + 1])), level8(tone.of(values[at + 2])))
        }
    }
    val levels = tone.table(spec).map(::level8).toIntArray()
    return Levels { output, at ->
        val values = (output as Tensor.Int8).values
        argb(levels[values[at] + 128], levels[values[at + 1] + 128], levels[values[at + 2] + 128])
    }
}

internal fun argb(
    red: Int,
    green: Int,
    blue: Int,
): Int = (0xff shl 24) or (red shl 16) or (green shl 8) or blue
