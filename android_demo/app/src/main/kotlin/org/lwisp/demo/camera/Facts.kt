package org.lwisp.demo.camera

import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CaptureResult
import android.hardware.camera2.params.ColorSpaceTransform
import android.util.Rational
import org.lwisp.core.RawException
import org.lwisp.core.capture.Fraction
import org.lwisp.core.capture.LightFacts
import org.lwisp.core.capture.SensorFacts
import org.lwisp.core.capture.ShadingMap
import org.lwisp.core.capture.ShotFacts
import org.lwisp.core.raw.Area
import org.lwisp.core.raw.Cfa

private const val NANOSECONDS = 1e9

/** What Camera2 reports of a sensor. Raises [RawException] if something is missing that no picture can do without. */
fun sensorFacts(sensor: CameraCharacteristics): SensorFacts {
    val arrangement =
        required(sensor.get(CameraCharacteristics.SENSOR_INFO_COLOR_FILTER_ARRANGEMENT), "filter arrangement")
    val black = required(sensor.get(CameraCharacteristics.SENSOR_BLACK_LEVEL_PATTERN), "black level")
    return SensorFacts(
        cfa = Cfa.ofCamera2(arrangement),
        blackLevel = List(4) { black.getOffsetForIndex(it % 2, it / 2).toFloat() },
        whiteLevel = required(sensor.get(CameraCharacteristics.SENSOR_INFO_WHITE_LEVEL), "white level"),
        activeArray =
            sensor.get(CameraCharacteristics.SENSOR_INFO_PRE_CORRECTION_ACTIVE_ARRAY_SIZE)?.run {
                Area(left, top, width(), height())
            },
        lights = lights(sensor),
        isShadingApplied = sensor.get(CameraCharacteristics.SENSOR_INFO_LENS_SHADING_APPLIED) == true,
    )
}

/** What Camera2 reports of a shot. Raises [RawException] if something is missing that no picture can do without. */
fun shotFacts(shot: CaptureResult): ShotFacts =
    ShotFacts(
        neutral = required(shot.get(CaptureResult.SENSOR_NEUTRAL_COLOR_POINT), "neutral colour").map(::fraction),
        blackLevel = shot.get(CaptureResult.SENSOR_DYNAMIC_BLACK_LEVEL)?.toList(),
        whiteLevel = shot.get(CaptureResult.SENSOR_DYNAMIC_WHITE_LEVEL),
        shading =
            shot.get(CaptureResult.STATISTICS_LENS_SHADING_CORRECTION_MAP)?.let { map ->
                ShadingMap(map.rowCount, map.columnCount) { channel, row, column ->
                    map.getGainFactor(channel, column, row)
                }
            },
        hotPixels = shot.get(CaptureResult.STATISTICS_HOT_PIXEL_MAP).orEmpty().map { Pair(it.x, it.y) },
        noise = shot.get(CaptureResult.SENSOR_NOISE_PROFILE)?.map { Pair(it.first, it.second) },
        boostPercent = shot.get(CaptureResult.CONTROL_POST_RAW_SENSITIVITY_BOOST),
        iso = shot.get(CaptureResult.SENSOR_SENSITIVITY),
        exposureS = shot.get(CaptureResult.SENSOR_EXPOSURE_TIME)?.let { it / NANOSECONDS },
        fNumber = shot.get(CaptureResult.LENS_APERTURE),
        focalLengthMm = shot.get(CaptureResult.LENS_FOCAL_LENGTH),
    )

private fun lights(sensor: CameraCharacteristics): List<LightFacts> =
    listOfNotNull(
        sensor.get(CameraCharacteristics.SENSOR_COLOR_TRANSFORM1)?.let {
            LightFacts(
                sensor.get(CameraCharacteristics.SENSOR_REFERENCE_ILLUMINANT1),
                nine(it),
                sensor.get(CameraCharacteristics.SENSOR_CALIBRATION_TRANSFORM1)?.let(::nine),
                sensor.get(CameraCharacteristics.SENSOR_FORWARD_MATRIX1)?.let(::nine),
            )
        },
        sensor.get(CameraCharacteristics.SENSOR_COLOR_TRANSFORM2)?.let {
            LightFacts(
                sensor.get(CameraCharacteristics.SENSOR_REFERENCE_ILLUMINANT2)?.toInt(),
                nine(it),
                sensor.get(CameraCharacteristics.SENSOR_CALIBRATION_TRANSFORM2)?.let(::nine),
                sensor.get(CameraCharacteristics.SENSOR_FORWARD_MATRIX2)?.let(::nine),
            )
        },
    )

private fun nine(matrix: ColorSpaceTransform) = List(9) { fraction(matrix.getElement(it % 3, it / 3)) }

private fun fraction(value: Rational) = Fraction(value.numerator, value.denominator)

private fun <T : Any> required(
    value: T?,
    name: String,
): T = value ?: throw RawException("The camera doesn't report its $name; open a DNG instead.")
