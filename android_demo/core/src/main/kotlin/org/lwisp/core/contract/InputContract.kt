package org.lwisp.core.contract

import org.lwisp.core.ContractException
import org.lwisp.core.json.JsonObject

private val MOSAIC_PLANES = listOf("R", "Gr", "Gb", "B")
private const val NOISE_PLANE = "noise"

/** What colours are moved to the reference camera by. */
enum class ColorShift {
    /** Each quad's own colour. */
    QUAD,

    /** Colour differences smoothed over 5x5 quads. */
    SMOOTHED,
}

/** How a mosaic becomes the input tensor, stage by stage; [org.lwisp.core.preprocess.Preparation] has their order. */
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
    val colorShift: ColorShift = ColorShift.QUAD,
    /** Replace the pixels that the file calls bad. */
    val badPixels: Boolean = true,
    /** Multiply by the gains with which the file undoes its lens's shading. */
    val lensShading: Boolean = true,
    /**
     * Light of the exposed picture from which it's rolled off towards white; null: a gain before the clip to 1, which
     * burns what it brings above white.
     */
    val exposureKnee: Double? = null,
    /** Whether a plane after the mosaic's four tells the network the noise. */
    val hasNoisePlane: Boolean = false,
    /** Standard deviation under the curve that is 1 in the noise plane; higher ones are 1, too. */
    val noiseFullScale: Double = 0.125,
) {
    /** Channels of the input tensor. */
    val planes: Int get() = if (hasNoisePlane) 5 else 4

    init {
        if (sizeMultiple !in 1..1024) {
            throw ContractException("size_multiple $sizeMultiple isn't in 1 to 1024. Export the model again.")
        }
        checkShare("curve_offset", curveOffset)
        checkShare("noise_full_scale", noiseFullScale)
        exposureKnee?.let { checkShare("exposure_knee", it) }
    }

    private fun checkShare(
        name: String,
        value: Double,
    ) {
        if (!(value > 0 && value < 1)) {
            throw ContractException("$name $value isn't between 0 and 1. Export the model again.")
        }
    }
}

/** Reads `input`. A stage of pre-processing that this code doesn't know would go missing, so unknown keys are refused. */
internal fun inputContract(tree: JsonObject): InputContract =
    tree.complete {
        InputContract(
            sizeMultiple = integer("size_multiple"),
            subtractBlack = flag("subtract_black"),
            whiteBalance = flag("white_balance"),
            referenceToSrgb = matrixOrNull("reference_to_srgb"),
            curveOffset = number("curve_offset"),
            colorShift = colorShift(text("color_shift")),
            badPixels = flag("bad_pixels"),
            lensShading = flag("lens_shading"),
            exposureKnee = numberOrNull("exposure_knee"),
            hasNoisePlane = hasNoisePlane(texts("planes")),
            noiseFullScale = number("noise_full_scale"),
        )
    }

private fun colorShift(name: String): ColorShift =
    when (name) {
        "quad" -> ColorShift.QUAD
        "smoothed" -> ColorShift.SMOOTHED
        else -> throw ContractException("color_shift is \"$name\"; quad and smoothed are known. Update the app.")
    }

private fun hasNoisePlane(planes: List<String>): Boolean =
    when (planes) {
        MOSAIC_PLANES -> {
            false
        }

        MOSAIC_PLANES + NOISE_PLANE -> {
            true
        }

        else -> {
            throw ContractException(
                "planes are $planes; this app packs $MOSAIC_PLANES, and $NOISE_PLANE after them. Update the app.",
            )
        }
    }
