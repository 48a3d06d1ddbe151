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

/** Which part of a frame its image-wide quantities are taken from: a grid of crops, from edge to edge. */
class ContextContract(
    /** Crops along each side of the frame. */
    val grid: Int,
    /** Side of a crop in packed pixels. */
    val cropPx: Int,
) {
    init {
        if (grid !in 2..1024 || cropPx !in 1..1024) {
            throw ContractException("A context of $grid crops of $cropPx px can't be. Export again.")
        }
    }
}

/** One of a model's graphs by its name in the file: what it eats and gives. */
class Signature(
    val name: String,
    val inputs: List<TensorSpec>,
    val outputs: List<TensorSpec>,
)

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
    val context: ContextContract,
    /** Channel gates and global vector, (1, 1, 1, channels) each: what the tiles of one frame share. */
    val contextTensors: List<TensorSpec>,
) {
    init {
        if (contextTensors.isEmpty()) throw ContractException("The contract names no context. Export the model again.")
        if (haloPx < 0 || outputScale < 1) {
            throw ContractException("A halo of $haloPx px and a scale of $outputScale can't be. Export again.")
        }
    }

    /** Takes a frame's image-wide quantities from a sample of it. */
    val contextSignature get() = Signature("context", listOf(inputTensor), contextTensors)

    /** Develops a frame or a tile with them. */
    val developSignature get() = Signature("develop", listOf(inputTensor) + contextTensors, listOf(outputTensor))
}
