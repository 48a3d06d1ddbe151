package org.lwisp.core.contract

import org.lwisp.core.ContractException
import org.lwisp.core.json.JsonObject

/** The only plane order that [org.lwisp.core.raw.Preparation] packs. */
private val PLANES = listOf("R", "Gr", "Gb", "B")

/** How a mosaic becomes the input tensor; the stages run in the order of the fields from `subtractBlack` on. */
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
        if (sizeMultiple !in 1..1024) {
            throw ContractException("size_multiple $sizeMultiple isn't in 1 to 1024. Export the model again.")
        }
        if (!(curveOffset > 0 && curveOffset < 1)) {
            throw ContractException("curve_offset $curveOffset isn't between 0 and 1. Export the model again.")
        }
    }
}

/**
 * Reads `input`. A stage of pre-processing that this code doesn't know would go missing, so unknown keys are refused, and
 * stages that [org.lwisp.core.raw.Preparation] doesn't have.
 *
 * `bad_pixels` and `lens_shading` correct what a file lists; a [org.lwisp.core.raw.RawFrame] has no such lists, so that
 * either value is as good.
 */
internal fun inputContract(tree: JsonObject): InputContract =
    tree.complete {
        val planes = texts("planes")
        if (planes != PLANES) throw unsupported("planes $planes", "$PLANES")
        val shift = text("color_shift")
        if (shift != "quad") throw unsupported("color_shift \"$shift\"", "\"quad\"")
        val knee = numberOrNull("exposure_knee")
        if (knee != null) throw unsupported("exposure_knee $knee", "null")
        flag("bad_pixels")
        flag("lens_shading")
        number("noise_full_scale")
        InputContract(
            sizeMultiple = integer("size_multiple"),
            subtractBlack = flag("subtract_black"),
            whiteBalance = flag("white_balance"),
            referenceToSrgb = matrixOrNull("reference_to_srgb"),
            curveOffset = number("curve_offset"),
        )
    }

private fun unsupported(
    found: String,
    supported: String,
) = ContractException("The model's input has $found; this app supports $supported. Update the app.")
