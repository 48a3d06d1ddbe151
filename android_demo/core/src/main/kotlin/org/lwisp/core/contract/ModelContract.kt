package org.lwisp.core.contract

import org.lwisp.core.ContractException

/** The version of `contract.json` that this code reads. */
const val CONTRACT_VERSION = 1

/** How a mosaic becomes the input tensor; the stages run in the order of the fields. */
class InputContract(
    /** Sides of the packed input are multiples of this. */
    val sizeMultiple: Int,
    /** Subtract each site's black level, then divide by (white - black). */
    val subtractBlack: Boolean,
    /** Multiply by the as-shot gains, the smallest scaled to 1; then clip to 1. */
    val whiteBalance: Boolean,
    /** The reference camera's white-balanced RGB to linear sRGB, row by row; null: colour is left as it is. */
    val referenceToSrgb: DoubleArray?,
    /** Offset o of the curve sqrt((x + o) / (1 + o)). */
    val curveOffset: Double,
) {
    init {
        if (sizeMultiple !in 1..1024) throw ContractException("size_multiple $sizeMultiple is out of 1 to 1024.")
        if (!(curveOffset > 0 && curveOffset < 1)) {
            throw ContractException(
                "curve_offset $curveOffset is out of (0, 1).",
            )
        }
    }
}

/** Element types that the engines move. */
enum class ElementType { FLOAT32, INT8 }

/** One tensor of a signature. */
class TensorSpec(
    val name: String,
    val type: ElementType,
    /** Quantisation step; null for a float tensor. */
    val scale: Double?,
    val zeroPoint: Int?,
) {
    init {
        val quantised = scale != null && zeroPoint != null && scale > 0
        if (quantised != (type == ElementType.INT8)) {
            throw ContractException("Tensor \"$name\": $type with scale $scale and zero point $zeroPoint can't be.")
        }
    }
}

/** What one .tflite eats and gives. */
class ModelContract(
    /** int8, fp16 (weights alone; arithmetic is float) or float32. */
    val precision: String,
    val input: InputContract,
    val inputTensor: TensorSpec,
    val outputTensor: TensorSpec,
    /** Output pixels per packed pixel. */
    val outputScale: Int,
    /** Packed pixels around an output pixel that convolutions see. */
    val haloPx: Int,
    val signature: String,
)
