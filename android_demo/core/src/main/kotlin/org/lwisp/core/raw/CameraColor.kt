package org.lwisp.core.raw

import org.lwisp.core.RawException
import kotlin.math.abs

/** A camera's colour under one light, as DNG and Camera2 describe it. Matrices are 3x3, row by row. */
class LightCalibration(
    /** EXIF's number of the light; null if unknown. */
    val illuminant: Int?,
    /** CIE XYZ to the reference camera of this model (ColorMatrix). */
    val xyzToCamera: DoubleArray,
    /** From the reference camera to this one (CameraCalibration); null: they are alike. */
    val calibration: DoubleArray? = null,
    /** White-balanced reference camera to XYZ under D50 (ForwardMatrix); null if there is none. */
    val forward: DoubleArray? = null,
)

/**
 * White-balanced camera RGB to linear sRGB, rows summing to 1; null without a calibration.
 *
 * lights: one or two. analogBalance: gains of R, G, B that the sensor applied before. gains: the white balance, whose
 * white point decides between two lights. Raises [RawException] if the matrices can't be inverted.
 */
fun cameraToSrgb(
    lights: List<LightCalibration>,
    analogBalance: DoubleArray,
    gains: DoubleArray,
): DoubleArray? {
    val light = lights.firstOrNull() ?: return null
    if (lights.size == 1 && light.forward == null) return singleLight(light)
    return ColorModel(lights, diagonal(analogBalance)).cameraToSrgb(DoubleArray(3) { 1 / gains[it] })
}

/** Gains of R, G, B: one over what the camera sees of grey, in 32-bit floats as LibRaw stores them. */
fun gainsOfNeutral(neutral: List<Double>): DoubleArray =
    DoubleArray(neutral.size) { (1f / neutral[it].toFloat()).toDouble() }

/** As LibRaw does it, in 32-bit floats. The analogue balance scales rows, which are scaled to white anyway. */
private fun singleLight(light: LightCalibration): DoubleArray {
    val fromXyz = light.calibration?.let { multiply(it, light.xyzToCamera) } ?: light.xyzToCamera
    val matrix = cameraToSrgb(fromXyz)
    return unitRows(DoubleArray(9) { matrix[it].toFloat().toDouble() })
}

/**
 * Colour by the white point, DNG specification 1.7.1, chapter 6 (Mapping Camera Color Space to CIE XYZ): two lights'
 * matrices are interpolated linearly in the reciprocal of the white point's colour temperature.
 */
private class ColorModel(
    private val lights: List<LightCalibration>,
    private val analogBalance: DoubleArray,
) {
    /** neutral: what the camera sees of grey. */
    fun cameraToSrgb(neutral: DoubleArray): DoubleArray {
        val white = white(neutral)
        val light = at(white)
        val toD50 =
            light.forward?.let { forward ->
                val toReference = multiply(inverse(balanced(light.calibration ?: IDENTITY)), diagonal(neutral))
                val sums = DoubleArray(3) { 1 / toReference.slice(3 * it until 3 * it + 3).sum() }
                multiply(multiply(forward, diagonal(sums)), toReference)
            } ?: multiply(multiply(adaptation(white, D50), inverse(xyzToCamera(light))), diagonal(neutral))
        return unitRows(multiply(multiply(inverse(SRGB_TO_XYZ), adaptation(D50, D65)), toD50))
    }

    /** The white point that is neutral: its own matrices depend on it, so it is found in passes. */
    private fun white(neutral: DoubleArray): WhitePoint {
        var white = D50
        repeat(PASSES) { pass ->
            val found = whiteOf(apply(inverse(xyzToCamera(at(white))), neutral))
            if (abs(found.x - white.x) + abs(found.y - white.y) < CONVERGED) return found
            // Of two that alternate, the specification's reference takes the middle.
            val alternates = pass == PASSES - 1
            white = if (alternates) WhitePoint((found.x + white.x) / 2, (found.y + white.y) / 2) else found
        }
        return white
    }

    private fun xyzToCamera(light: LightCalibration) =
        balanced(multiply(light.calibration ?: IDENTITY, light.xyzToCamera))

    private fun balanced(matrix: DoubleArray) = multiply(analogBalance, matrix)

    /** The calibration at a white point. */
    private fun at(white: WhitePoint): LightCalibration {
        val known = lights.filter { it.illuminant in ILLUMINANT_K }.sortedBy { ILLUMINANT_K.getValue(it.illuminant!!) }
        val (warmK, coldK) = listOf(known.firstOrNull(), known.lastOrNull()).map { ILLUMINANT_K[it?.illuminant] }
        if (warmK == null || coldK == null || warmK == coldK) return lights.first()
        val share = ((1 / temperatureK(white) - 1 / coldK) / (1 / warmK - 1 / coldK)).coerceIn(0.0, 1.0)
        val (warm, cold) = Pair(known.first(), known.last())
        val forward = warm.forward?.let { first -> cold.forward?.let { mixed(share, first, it) } ?: first }
        return LightCalibration(
            null,
            mixed(share, warm.xyzToCamera, cold.xyzToCamera),
            mixed(share, warm.calibration ?: IDENTITY, cold.calibration ?: IDENTITY),
            forward ?: cold.forward,
        )
    }

    private companion object {
        const val PASSES = 30
        const val CONVERGED = 1e-7
    }
}

private val D50 = WhitePoint(0.3457, 0.3585)

/** That of sRGB. */
private val D65 = WhitePoint(0.312727, 0.329023)

/** Linearised Bradford, DNG specification, chapter 6. */
private val BRADFORD = doubleArrayOf(0.8951, 0.2664, -0.1614, -0.7502, 1.7135, 0.0367, 0.0389, -0.0685, 1.0296)

private val IDENTITY = diagonal(doubleArrayOf(1.0, 1.0, 1.0))

/** Colour temperatures of EXIF's light sources, as the DNG specification refers to them; fluorescents' middles. */
private val ILLUMINANT_K =
    mapOf(1 to 5500.0, 2 to 4150.0, 3 to 2850.0, 4 to 5500.0, 9 to 5500.0, 10 to 6500.0, 11 to 7500.0) +
        mapOf(12 to 6400.0, 13 to 5050.0, 14 to 4150.0, 15 to 3525.0, 16 to 2925.0, 17 to 2850.0, 18 to 5500.0) +
        mapOf(19 to 6500.0, 20 to 5500.0, 21 to 6500.0, 22 to 7500.0, 23 to 5000.0, 24 to 3200.0)

private fun whiteOf(xyz: DoubleArray): WhitePoint {
    val white = WhitePoint(xyz[0] / xyz.sum(), xyz[1] / xyz.sum())
    if (!(white.x > 0 && white.x < 1 && white.y > 0 && white.y < 1)) {
        throw RawException("The white balance stands for the white point ${white.x}, ${white.y}, which no light has.")
    }
    return white
}

/** XYZ under one white to XYZ under another; scales within 0.1 to 10, as in the specification's reference. */
private fun adaptation(
    from: WhitePoint,
    to: WhitePoint,
): DoubleArray {
    val (source, target) = Pair(apply(BRADFORD, from.xyz), apply(BRADFORD, to.xyz))
    val scales = DoubleArray(3) { (target[it] / maxOf(source[it], 1e-9)).coerceIn(0.1, 10.0) }
    return multiply(multiply(inverse(BRADFORD), diagonal(scales)), BRADFORD)
}

private fun mixed(
    share: Double,
    first: DoubleArray,
    second: DoubleArray,
) = DoubleArray(9) { share * first[it] + (1 - share) * second[it] }
