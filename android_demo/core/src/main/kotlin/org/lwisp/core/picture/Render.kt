package org.lwisp.core.picture

import org.lwisp.core.EngineException
import org.lwisp.core.contract.ModelContract
import org.lwisp.core.contract.TensorSpec
import org.lwisp.core.engine.Tensor
import org.lwisp.core.engine.realOfCode
import org.lwisp.core.raw.Area
import org.lwisp.core.raw.Packed

/**
 * A model's output as an upright 8-bit picture, cut to the mosaic's own pixels.
 *
 * output: (2h, 2w, 3). Raises [EngineException] if it has another size or holds NaN or infinity.
 */
fun render(
    output: Tensor,
    contract: ModelContract,
    packed: Packed,
    orientation: Int,
): Picture {
    val width = contract.outputScale * packed.widthPx
    val height = contract.outputScale * packed.heightPx
    val levels = levels(output, contract.outputTensor)
    if (levels.size != width * height * 3) {
        throw EngineException("The model gave ${levels.size} values; ${width}x${height}x3 are needed. Export it again.")
    }
    return upright(levels, width, packed.visible, orientation)
}

/** Rounds [0, 1] to 8 bits, halves to even, as the Python runtime does. Raises [EngineException] on NaN or infinity. */
fun level8(value: Float): Int {
    if (value.isNaN() || value.isInfinite()) {
        throw EngineException("The model gave NaN or infinity; its weights or its input are broken.")
    }
    return minOf(maxOf(Math.rint((value * 255f).toDouble()).toInt(), 0), 255)
}

private fun levels(
    output: Tensor,
    spec: TensorSpec,
): ByteArray =
    when (output) {
        is Tensor.Float32 -> {
            ByteArray(output.values.size) { level8(output.values[it]).toByte() }
        }

        is Tensor.Int8 -> {
            val ofCode = realOfCode(spec).map { level8(it).toByte() }.toByteArray()
            ByteArray(output.values.size) { ofCode[output.values[it] + 128] }
        }
    }

private fun upright(
    levels: ByteArray,
    storedWidthPx: Int,
    visible: Area,
    orientation: Int,
): Picture {
    val turn = Turn(orientation, visible.widthPx, visible.heightPx)
    val argb = IntArray(turn.widthPx * turn.heightPx)
    for (y in 0 until turn.heightPx) {
        for (x in 0 until turn.widthPx) {
            val place = turn.start + x * turn.stepX + y * turn.stepY
            val row = visible.topPx + place / visible.widthPx
            val column = visible.leftPx + place % visible.widthPx
            argb[y * turn.widthPx + x] = pixel(levels, 3 * (row * storedWidthPx + column))
        }
    }
    return Picture(turn.widthPx, turn.heightPx, argb)
}

private fun pixel(
    levels: ByteArray,
    at: Int,
): Int {
    val red = levels[at].toInt() and 0xff
    val green = levels[at + 1].toInt() and 0xff
    val blue = levels[at + 2].toInt() and 0xff
    return (0xff shl 24) or (red shl 16) or (green shl 8) or blue
}
