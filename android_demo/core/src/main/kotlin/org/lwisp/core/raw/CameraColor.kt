package org.lwisp.core.raw

import org.lwisp.core.RawException
import kotlin.math.abs

/** A camera's colour under one light, as DNG and Camera2 describe it. Matrices are row by row. */
class LightCalibration(
    /** EXIF's number of the light; null if unknown. */
    illuminant: Int?,
    /** CIE XYZ to the reference camera of this model. */
    val xyzToCamera: DoubleArray,
    /** From the reference camera of this model to this one; null: they are alike. */
    val calibration: DoubleArray? = null,
    /** The reference camera's white-balanced RGB to XYZ under D50; null if unknown. */
    val forward: DoubleArray? = null,
) {
    /** The light's colour temperature; null if unknown. */
    val kelvin: Double? = KELVIN[illuminant]
}

/** Colour temperatures of EXIF's light sources; the fluorescents' middles. */
private val KELVIN =
    mapOf(1 to 5500.0, 2 to 4150.0, 3 to 2850.0, 4 to 5500.0, 9 to 5500.0, 10 to 6500.0, 11 to 7500.0) +
        mapOf(12 to 6400.0, 13 to 5050.0, 14 to 4150.0, 15 to 3525.0, 16 to 2925.0, 17 to 2850.0) +
        mapOf(18 to 5500.0, 19 to 6500.0, 20 to 5500.0, 21 to 6500.0, 22 to 7500.0, 23 to 5000.0, 24 to 3200.0)

/** Linearised Bradford, DNG specification 1.7.1, chapter 6. */
private val BRADFORD = doubleArrayOf(0.8951, 0.2664, -0.1614, -0.7502, 1.7135, 0.0367, 0.0389, -0.0685, 1.0296)
private val D50 = WhitePoint(0.3457, 0.3585)

/** That of [SRGB_TO_XYZ]. */
private val D65 = WhitePoint(0.312727, 0.329023)
private const val PASSES = 30
private const val CONVERGED = 1e-7

/** The matrices for one white point. */
private class Interpolated(
    val xyzToCamera: DoubleArray,
    val calibration: DoubleArray,
    val forward: DoubleArray?,
)

/**
 * Colour by the white point, as the DNG specification 1.7.1 says in chapter 6: a camera's matrices, measured under one
 * or two lights, are interpolated linearly in the reciprocal of the white point's colour temperature. The Python
 * runtime's model in the same order.
 *
 * lights: one or two. analogBalance: gains of R, G, B before the samples were converted.
 */
class CameraColor(
    private val lights: List<LightCalibration>,
    private val analogBalance: DoubleArray = doubleArrayOf(1.0, 1.0, 1.0),
) {
    /** Whether the white point decides on the matrix. */
    val dependsOnWhite: Boolean = lights.size > 1 || lights.any { it.forward != null }

    /**
     * White-balanced camera RGB to linear sRGB where one light is known, however white is balanced. LibRaw stores the
     * result in 32-bit floats; so does this, to equal it bit for bit.
     *
     * The analogue balance scales the rows of the matrix, which are scaled to white anyway.
     */
    fun matrixOfOneLight(): DoubleArray {
        val light = lights.single()
        val fromXyz = light.calibration?.let { multiply(it, light.xyzToCamera) } ?: light.xyzToCamera
        val stored = cameraToSrgb(fromXyz)
        return unitRows(DoubleArray(9) { stored[it].toFloat().toDouble() })
    }

    /** White-balance gains for a white point. Raises [RawException] if the camera can't see it. */
    fun gainsAt(white: WhitePoint): DoubleArray {
        val neutral = apply(toCamera(at(white)), xyzOf(white))
        if (!neutral.all { it > 0 && it < Double.POSITIVE_INFINITY }) {
            throw RawException(
                "The colour matrices make the white point (${white.x}, ${white.y}) ${neutral.joinToString()} in " +
                    "camera colours; values over 0 are needed. Convert the file.",
            )
        }
        return scaleGains(DoubleArray(3) { 1 / neutral[it] })
    }

    /**
     * White-balanced camera RGB to linear sRGB, rows summing to 1. gains: those that white is balanced with. Raises
     * [RawException] if the matrices can't be inverted.
     */
    fun matrixFor(gains: DoubleArray): DoubleArray {
        val neutral = DoubleArray(3) { 1 / gains[it] }
        val white = whiteOf(neutral)
        val matrices = at(white)
        val toD50 =
            if (matrices.forward == null) {
                multiply(multiply(adaptation(white, D50), inverse(toCamera(matrices))), diagonal(neutral))
            } else {
                val toThis = multiply(diagonal(analogBalance), matrices.calibration)
                val toReference = multiply(inverse(toThis), diagonal(neutral))
                val balance = DoubleArray(3) { row -> 1 / (0..2).sumOf { toReference[3 * row + it] } }
                multiply(multiply(matrices.forward, diagonal(balance)), toReference)
            }
        return unitRows(multiply(multiply(inverse(SRGB_TO_XYZ), adaptation(D50, D65)), toD50))
    }

    /** The white point of a neutral camera colour: its own matrices depend on it, so it's found in rounds. */
    private fun whiteOf(neutral: DoubleArray): WhitePoint {
        var white = D50
        for (pass in 0 until PASSES) {
            val found = chromaticity(apply(inverse(toCamera(at(white))), neutral))
            if (abs(found.x - white.x) + abs(found.y - white.y) < CONVERGED) return found
            // Two values that alternate: the specification's reference takes their middle.
            white =
                if (pass < PASSES - 1) found else WhitePoint((found.x + white.x) / 2, (found.y + white.y) / 2)
        }
        return white
    }

    private fun toCamera(at: Interpolated): DoubleArray =
        multiply(multiply(diagonal(analogBalance), at.calibration), at.xyzToCamera)

    private fun at(white: WhitePoint): Interpolated {
        val known = lights.filter { it.kelvin != null }.sortedByDescending { it.kelvin }
        val cold = known.firstOrNull()?.kelvin
        val warm = known.lastOrNull()?.kelvin
        if (known.size < 2 || cold == null || warm == null || cold == warm) return mixed(1.0, lights[0], lights[0])
        val share = (1 / temperatureOfWhite(white) - 1 / cold) / (1 / warm - 1 / cold)
        return mixed(minOf(maxOf(share, 0.0), 1.0), known.last(), known.first())
    }
}

/** share: how much of the warmer light's matrices to take, 0 to 1. */
private fun mixed(
    share: Double,
    warm: LightCalibration,
    cold: LightCalibration,
): Interpolated {
    if (warm === cold) return Interpolated(warm.xyzToCamera, warm.calibration ?: identity(), warm.forward)
    val mix = { first: DoubleArray, second: DoubleArray ->
        DoubleArray(9) { share * first[it] + (1 - share) * second[it] }
    }
    val forward = if (warm.forward != null && cold.forward != null) mix(warm.forward, cold.forward) else null
    return Interpolated(
        mix(warm.xyzToCamera, cold.xyzToCamera),
        mix(warm.calibration ?: identity(), cold.calibration ?: identity()),
        forward ?: warm.forward ?: cold.forward,
    )
}

/** Gains of R, G, B: one over what the camera sees of grey, in 32-bit floats as LibRaw stores them. */
fun gainsOfNeutral(neutral: List<Double>): DoubleArray =
    DoubleArray(neutral.size) { (1f / neutral[it].toFloat()).toDouble() }

private fun identity() = diagonal(doubleArrayOf(1.0, 1.0, 1.0))

private fun xyzOf(white: WhitePoint) = doubleArrayOf(white.x / white.y, 1.0, (1 - white.x - white.y) / white.y)

private fun chromaticity(xyz: DoubleArray): WhitePoint {
    val total = xyz[0] + xyz[1] + xyz[2]
    val white = if (total == 0.0) WhitePoint(0.0, 0.0) else WhitePoint(xyz[0] / total, xyz[1] / total)
    if (!(white.x > 0 && white.x < 1 && white.y > 0 && white.y < 1)) {
        throw RawException(
            "By the colour matrices, the white balance stands for the white point (${white.x}, ${white.y}), which no " +
                "light has. Convert the file.",
        )
    }
    return white
}

/** XYZ under one white to XYZ under another; scales within 0.1 to 10, as the specification's reference has it. */
private fun adaptation(
    source: WhitePoint,
    target: WhitePoint,
): DoubleArray {
    val from = apply(BRADFORD, xyzOf(source))
    val to = apply(BRADFORD, xyzOf(target))
    val scale = DoubleArray(3) { minOf(maxOf(to[it] / maxOf(from[it], 1e-9), 0.1), 10.0) }
    return multiply(multiply(inverse(BRADFORD), diagonal(scale)), BRADFORD)
}
