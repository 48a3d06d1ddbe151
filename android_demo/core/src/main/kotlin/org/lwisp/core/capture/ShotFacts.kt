package org.lwisp.core.capture

import org.lwisp.core.raw.Area
import org.lwisp.core.raw.Cfa

/** A number as cameras and files give it. */
data class Fraction(
    val numerator: Int,
    val denominator: Int,
)

/** A sensor's colour under one light, as Camera2 gives it: matrices of nine fractions, row by row. */
class LightFacts(
    /** EXIF's number of the light; null if unknown. */
    val illuminant: Int?,
    /** CIE XYZ to the reference sensor. */
    val color: List<Fraction>,
    /** The reference sensor to this one. */
    val calibration: List<Fraction>?,
    /** The reference sensor's white-balanced RGB to CIE XYZ under D50. */
    val forward: List<Fraction>?,
)

/** What Camera2 reports of the sensor that took a shot: of the physical camera where a logical one has several. */
class SensorFacts(
    /** Of the sensor's first row and column. */
    val cfa: Cfa,
    /** By site of the 2x2 cell, row by row. */
    val blackLevel: List<Float>,
    val whiteLevel: Int,
    /** Before distortion is corrected, in the pixel array; null if unknown. */
    val activeArray: Area?,
    val lights: List<LightFacts>,
    /** Whether RAW samples are without lens shading already. */
    val isShadingApplied: Boolean,
)

/** What Camera2 reports of one shot; null for what it doesn't. */
class ShotFacts(
    /** Camera colour of grey: R, G, B. */
    val neutral: List<Fraction>,
    /** In place of the sensor's. */
    val blackLevel: List<Float>? = null,
    /** In place of the sensor's. */
    val whiteLevel: Int? = null,
    val shading: ShadingMap? = null,
    /** Column and row in the pixel array. */
    val hotPixels: List<Pair<Int, Int>> = emptyList(),
    /** Scale and offset by site of the 2x2 cell. */
    val noise: List<Pair<Double, Double>>? = null,
    /** Sensitivity that the camera itself adds after RAW, in percent. */
    val boostPercent: Int? = null,
    val iso: Int? = null,
    val exposureS: Double? = null,
    val fNumber: Float? = null,
    val focalLengthMm: Float? = null,
)

/** Who took a shot, when, and how the device was held, for its file. */
class ShotLabel(
    val make: String,
    val model: String,
    /** EXIF's form, 2026:11:30 23:59:59. */
    val takenAt: String,
    /** EXIF orientation, 1 to 8. */
    val orientation: Int,
)
