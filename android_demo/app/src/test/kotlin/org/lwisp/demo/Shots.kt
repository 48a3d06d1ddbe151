package org.lwisp.demo

import android.graphics.Point
import android.graphics.Rect
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.TotalCaptureResult
import android.hardware.camera2.params.BlackLevelPattern
import android.hardware.camera2.params.ColorSpaceTransform
import android.hardware.camera2.params.LensShadingMap
import android.hardware.camera2.params.StreamConfigurationMap
import android.media.Image
import android.util.Pair
import android.util.Rational
import android.util.Size
import org.lwisp.core.Case
import org.lwisp.core.json.parseJson
import org.lwisp.core.property
import java.io.File
import java.nio.ByteBuffer

/** The made shot that the Python checks write, as Camera2 would report it. */
class Shots {
    private val folder = File(property("lwisp.expected"))
    private val facts = Case(parseJson(File(folder, "shot.json").readText()) as Map<*, *>)

    val orientation = facts.number("orientation").toInt()

    fun sensor(): CameraCharacteristics {
        val (left, top, right, bottom) = facts.integers("active")
        val (first, second) = facts.children("lights")
        return CameraCharacteristics()
            .with(CameraCharacteristics.SENSOR_INFO_COLOR_FILTER_ARRANGEMENT, facts.number("cfa").toInt())
            .with(CameraCharacteristics.SENSOR_INFO_WHITE_LEVEL, facts.number("white").toInt())
            .with(
                CameraCharacteristics.SENSOR_BLACK_LEVEL_PATTERN,
                BlackLevelPattern(facts.integers("static_black").toIntArray()),
            ).with(
                CameraCharacteristics.SENSOR_INFO_PRE_CORRECTION_ACTIVE_ARRAY_SIZE,
                Rect(left, top, right, bottom),
            ).with(CameraCharacteristics.SENSOR_REFERENCE_ILLUMINANT1, first.number("illuminant").toInt())
            .with(CameraCharacteristics.SENSOR_COLOR_TRANSFORM1, matrix(first, "color"))
            .with(CameraCharacteristics.SENSOR_CALIBRATION_TRANSFORM1, matrix(first, "calibration"))
            .with(CameraCharacteristics.SENSOR_FORWARD_MATRIX1, matrix(first, "forward"))
            .with(CameraCharacteristics.SENSOR_REFERENCE_ILLUMINANT2, second.number("illuminant").toInt().toByte())
            .with(CameraCharacteristics.SENSOR_COLOR_TRANSFORM2, matrix(second, "color"))
            .with(CameraCharacteristics.SENSOR_CALIBRATION_TRANSFORM2, matrix(second, "calibration"))
            .with(CameraCharacteristics.SENSOR_FORWARD_MATRIX2, matrix(second, "forward"))
    }

    fun result(): TotalCaptureResult {
        val (rows, columns) = facts.integers("map_points")
        val found = TotalCaptureResult()
        found
            .with(
                TotalCaptureResult.SENSOR_NEUTRAL_COLOR_POINT,
                facts.rows("neutral").map { (above, below) -> Rational(above, below) }.toTypedArray(),
            ).with(
                TotalCaptureResult.SENSOR_DYNAMIC_BLACK_LEVEL,
                facts.numbers("black").map { it.toFloat() }.toFloatArray(),
            ).with(TotalCaptureResult.SENSOR_DYNAMIC_WHITE_LEVEL, facts.number("white").toInt())
            .with(TotalCaptureResult.CONTROL_POST_RAW_SENSITIVITY_BOOST, facts.number("boost_percent").toInt())
            .with(
                TotalCaptureResult.STATISTICS_LENS_SHADING_CORRECTION_MAP,
                LensShadingMap(rows, columns, facts.floats("map")),
            ).with(
                TotalCaptureResult.STATISTICS_HOT_PIXEL_MAP,
                facts.rows("hot_pixels").map { (x, y) -> Point(x, y) }.toTypedArray(),
            ).with(
                TotalCaptureResult.SENSOR_NOISE_PROFILE,
                facts.pairs("noise").map { (scale, offset) -> Pair(scale, offset) }.toTypedArray(),
            ).with(TotalCaptureResult.SENSOR_SENSITIVITY, 400)
            .with(TotalCaptureResult.SENSOR_EXPOSURE_TIME, 8_000_000L)
            .with(TotalCaptureResult.LENS_APERTURE, 1.8f)
            .with(TotalCaptureResult.LENS_FOCAL_LENGTH, 5.4f)
        return found
    }

    fun image(): Image {
        val image = Image()
        image.width = facts.integers("size_px")[0]
        image.height = facts.integers("size_px")[1]
        image.plane.rowStride = facts.number("stride_bytes").toInt()
        image.plane.buffer = ByteBuffer.wrap(File(folder, "shot.raw").readBytes())
        return image
    }

    private fun matrix(
        light: Case,
        name: String,
    ) = ColorSpaceTransform(light.integers(name).map { Rational(it, 1000) }.toTypedArray())
}

/** A sensor that takes RAW pictures, of a made phone. */
fun rawSensor(
    facing: Int,
    vararg lenses: String,
): CameraCharacteristics {
    val raw = arrayOf(Size(4000, 3000))
    val streams = StreamConfigurationMap(raw, raw, arrayOf(Size(1920, 1080), Size(640, 480), Size(1440, 1080)))
    val sensor =
        CameraCharacteristics()
            .with(CameraCharacteristics.LENS_FACING, facing)
            .with(CameraCharacteristics.SENSOR_ORIENTATION, 90)
            .with(CameraCharacteristics.LENS_INFO_MINIMUM_FOCUS_DISTANCE, 10f)
            .with(CameraCharacteristics.REQUEST_AVAILABLE_CAPABILITIES, intArrayOf(0, 3))
            .with(CameraCharacteristics.SCALER_STREAM_CONFIGURATION_MAP, streams)
    sensor.lenses = lenses.toSet()
    return sensor
}
