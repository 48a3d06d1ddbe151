package org.lwisp.core.raw

import kotlin.math.abs

/** A camera's colour under one light, as DNG and Camera2 describe it. */
class LightCalibration(
    /** EXIF's number of the light; null if unknown. */
    val illuminant: Int?,
    /** CIE XYZ to camera RGB, row by row. */
    val xyzToCamera: DoubleArray,
    /** From the reference camera of this model to this one, row by row; null: they are alike. */
    val calibration: DoubleArray? = null,
)

/** Colour temperatures of EXIF's light sources, in kelvin. */
private val TEMPERATURE_K =
    mapOf(1 to 5500, 2 to 4150, 3 to 2850, 4 to 5500, 9 to 5500, 10 to 6500, 11 to 7500, 12 to 6400, 13 to 5000) +
        mapOf(14 to 4150, 15 to 3450, 17 to 2856, 18 to 4874, 19 to 6774, 20 to 5503, 21 to 6504, 22 to 7504) +
        mapOf(23 to 5003, 24 to 3200)
private const val D65_K = 6504

/**
 * White-balanced camera RGB to linear sRGB by the calibration whose light is nearest to daylight; null without one.
 *
 * LibRaw stores the result in 32-bit floats, and of two calibrations each; so does this, to equal it bit for bit.
 */
fun daylightMatrix(lights: List<LightCalibration>): DoubleArray? {
    val light = lights.minByOrNull { abs((TEMPERATURE_K[it.illuminant] ?: 0) - D65_K) } ?: return null
    val stored: (Double) -> Double = if (lights.size == 2) ::single else { value -> value }
    val matrix = mapped(light.xyzToCamera, stored)
    val fromXyz = light.calibration?.let { multiply(mapped(it, stored), matrix) } ?: matrix
    return unitRows(mapped(cameraToSrgb(fromXyz), ::single))
}

/** Gains of R, G, B: one over what the camera sees of grey, in 32-bit floats as LibRaw stores them. */
fun gainsOfNeutral(neutral: List<Double>): DoubleArray =
    DoubleArray(neutral.size) { (1f / neutral[it].toFloat()).toDouble() }

private fun mapped(
    values: DoubleArray,
    change: (Double) -> Double,
) = DoubleArray(values.size) { change(values[it]) }

private fun single(value: Double): Double = value.toFloat().toDouble()
