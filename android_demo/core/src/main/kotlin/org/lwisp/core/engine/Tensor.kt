package org.lwisp.core.engine

import org.lwisp.core.contract.ElementType
import org.lwisp.core.contract.TensorSpec

/** A tensor's values in the type that the model takes, row by row. */
sealed class Tensor {
    /** How many values. */
    abstract val size: Int

    class Float32(
        val values: FloatArray,
    ) : Tensor() {
        override val size get() = values.size
    }

    class Int8(
        val values: ByteArray,
    ) : Tensor() {
        override val size get() = values.size
    }
}

/** Real values to a tensor's type: round(v / scale) + zero point, clipped, halves to even; unchanged for float. */
fun quantize(
    values: FloatArray,
    spec: TensorSpec,
): Tensor {
    if (spec.type == ElementType.FLOAT32) return Tensor.Float32(values)
    val gain = (1 / spec.scale!!).toFloat()
    val zero = spec.zeroPoint!!.toFloat()
    return Tensor.Int8(
        ByteArray(values.size) { at ->
            val quantized = Math.rint((values[at] * gain).toDouble()).toFloat() + zero
            minOf(maxOf(quantized, -128f), 127f).toInt().toByte()
        },
    )
}

/** The real value of each int8 value q, from -128 on: (q - zero point) * scale. */
internal fun dequantized(spec: TensorSpec): FloatArray {
    val scale = spec.scale!!.toFloat()
    val zero = spec.zeroPoint!!.toFloat()
    return FloatArray(256) { ((it - 128).toFloat() - zero) * scale }
}
