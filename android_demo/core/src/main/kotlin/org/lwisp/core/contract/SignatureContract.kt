package org.lwisp.core.contract

import org.lwisp.core.ContractException

/** Sides, in pixels, of what a contract may ask for; more is a damaged file. */
private const val MOST_PX = 1024

/** Element types that the engines move. */
enum class ElementType(
    val bytes: Int,
) {
    FLOAT32(4),
    INT8(1),
}

/** One named tensor, (1, height, width, channels). */
data class TensorSpec(
    val name: String,
    val type: ElementType,
    /** Quantization step; null for a float tensor. */
    val scale: Double?,
    val zeroPoint: Int?,
    val channels: Int,
    /** Its pixels along a side per packed pixel: 2 for a picture of twice the size, 0.5 for a feature of half of it. */
    val resolution: Double,
) {
    /** One vector for the whole frame, 1x1 pixels. */
    val imageWide: Boolean get() = resolution == 0.0

    /** Values per packed pixel; 0 for an image-wide tensor. */
    val valuesPerPackedPx: Double get() = channels * resolution * resolution

    val bytesPerPackedPx: Double get() = valuesPerPackedPx * type.bytes

    init {
        val quantized = scale != null && zeroPoint != null && scale > 0
        if (quantized != (type == ElementType.INT8) || (scale == null) != (zeroPoint == null)) {
            refuse("$type with scale $scale and zero point $zeroPoint")
        }
        if (channels !in 1..4096 || !(resolution == 0.0 || resolution in POSSIBLE_RESOLUTIONS)) {
            refuse("$channels channels at resolution $resolution")
        }
    }

    private fun refuse(what: String): Nothing =
        throw ContractException("Tensor \"$name\": $what is impossible. Export the model again.")

    private companion object {
        /** Sides are halved and doubled: 1/64 to 16. */
        val POSSIBLE_RESOLUTIONS = generateSequence(1.0 / 64) { it * 2 }.takeWhile { it <= 16 }.toSet()
    }
}

/** One of a model's graphs, by its name in the file. Sizes are in packed pixels, whatever tensors it takes. */
data class SignatureContract(
    val name: String,
    val inputs: List<TensorSpec>,
    val outputs: List<TensorSpec>,
    /** Packed pixels around a tile that its result depends on. */
    val haloPx: Int,
    /** Tiles begin and end at multiples of this many packed pixels. */
    val multiplePx: Int,
    /** Multiply-adds of this graph per packed pixel of its tile. */
    val macsPerPackedPx: Double,
    /** What a run takes beside the interpreter: the engine's buffers, and inputs and outputs, the caller's too. */
    val bytesPerPackedPx: Double,
    /** Of that, what signatures of one interpreter share; here each has an interpreter of its own. */
    val sharedBytesPerPackedPx: Double,
) {
    init {
        if (multiplePx !in 1..MOST_PX || haloPx !in 0..MOST_PX || 2 * haloPx % multiplePx != 0) {
            refuse("a halo of $haloPx px at multiples of $multiplePx px")
        }
        if (!(macsPerPackedPx > 0 && bytesPerPackedPx > 0)) {
            refuse("$macsPerPackedPx multiply-adds and $bytesPerPackedPx bytes per packed px")
        }
        if (!(sharedBytesPerPackedPx in 0.0..bytesPerPackedPx)) {
            refuse("$sharedBytesPerPackedPx bytes shared of $bytesPerPackedPx per packed px")
        }
        for (tensor in inputs + outputs) {
            // Where a tile or the part of it that is kept begins, so does a pixel of every tensor.
            val whole = multiplePx * tensor.resolution % 1 == 0.0
            if (!whole || (tensor in outputs && haloPx * tensor.resolution % 1 != 0.0)) {
                refuse("a halo of $haloPx px at multiples of $multiplePx px with \"${tensor.name}\"")
            }
        }
    }

    private fun refuse(what: String): Nothing =
        throw ContractException("Signature \"$name\": $what is impossible. Export the model again.")
}
