package org.lwisp.demo.camera

import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CaptureResult
import android.hardware.camera2.DngCreator
import android.hardware.camera2.TotalCaptureResult
import android.hardware.camera2.params.ColorSpaceTransform
import android.media.Image
import org.lwisp.core.RawException
import org.lwisp.core.raw.CameraColor
import org.lwisp.core.raw.Cfa
import org.lwisp.core.raw.LightCalibration
import org.lwisp.core.raw.Mosaic
import org.lwisp.core.raw.RawFrame
import org.lwisp.core.raw.gainsOfNeutral
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder

/**
 * A RAW image with the metadata of the same shot as a frame. The samples are copied into `room`, 2 bytes each, so that
 * the image may be closed.
 */
fun frameOf(
    image: Image,
    room: ByteBuffer,
    metadata: TotalCaptureResult,
    sensor: CameraCharacteristics,
    orientation: Int,
): RawFrame {
    val plane = image.planes[0]
    val samples = plane.buffer.order(ByteOrder.nativeOrder())
    val arrangement =
        required(sensor.get(CameraCharacteristics.SENSOR_INFO_COLOR_FILTER_ARRANGEMENT), "filter arrangement")
    val gains = gains(metadata)
    return RawFrame(
        mosaic = Mosaic(image.width, image.height, samples, plane.rowStride).copiedTo(room),
        cfa = Cfa.ofCamera2(arrangement),
        blackLevel = blackLevel(metadata, sensor),
        whiteLevel = whiteLevel(metadata, sensor),
        wbGains = gains,
        cameraToSrgb = colorMatrix(sensor, gains),
        orientation = orientation,
    )
}

/** Writes a RAW image as a DNG by the platform's own means. Raises [RawException] if its metadata is incomplete. */
fun writeDng(
    image: Image,
    metadata: TotalCaptureResult,
    sensor: CameraCharacteristics,
    orientation: Int,
    file: File,
) {
    file.delete()
    try {
        DngCreator(sensor, metadata).use { creator ->
            creator.setOrientation(orientation)
            file.outputStream().use { creator.writeImage(it, image) }
        }
    } catch (error: IllegalArgumentException) {
        throw RawException("The camera's metadata is not enough for a DNG (${error.message}).", error)
    } catch (error: IllegalStateException) {
        throw RawException("The camera's metadata is not enough for a DNG (${error.message}).", error)
    }
}

private fun blackLevel(
    metadata: TotalCaptureResult,
    sensor: CameraCharacteristics,
): DoubleArray {
    metadata.get(CaptureResult.SENSOR_DYNAMIC_BLACK_LEVEL)?.let { levels ->
        return DoubleArray(4) { levels[it].toDouble() }
    }
    val pattern = required(sensor.get(CameraCharacteristics.SENSOR_BLACK_LEVEL_PATTERN), "black level")
    return DoubleArray(4) { pattern.getOffsetForIndex(it % 2, it / 2).toDouble() }
}

private fun whiteLevel(
    metadata: TotalCaptureResult,
    sensor: CameraCharacteristics,
): Double =
    required(
        metadata.get(CaptureResult.SENSOR_DYNAMIC_WHITE_LEVEL)
            ?: sensor.get(CameraCharacteristics.SENSOR_INFO_WHITE_LEVEL),
        "white level",
    ).toDouble()

private fun gains(metadata: TotalCaptureResult): DoubleArray =
    gainsOfNeutral(
        required(metadata.get(CaptureResult.SENSOR_NEUTRAL_COLOR_POINT), "neutral colour").map { it.toDouble() },
    )

private fun colorMatrix(
    sensor: CameraCharacteristics,
    gains: DoubleArray,
): DoubleArray? {
    val lights = calibrations(sensor)
    val color = if (lights.isEmpty()) return null else CameraColor(lights)
    return if (color.dependsOnWhite) color.matrixFor(gains) else color.matrixOfOneLight()
}

private fun calibrations(sensor: CameraCharacteristics): List<LightCalibration> =
    listOfNotNull(
        sensor.get(CameraCharacteristics.SENSOR_COLOR_TRANSFORM1)?.let {
            LightCalibration(
                sensor.get(CameraCharacteristics.SENSOR_REFERENCE_ILLUMINANT1),
                nine(it),
                sensor.get(CameraCharacteristics.SENSOR_CALIBRATION_TRANSFORM1)?.let(::nine),
                sensor.get(CameraCharacteristics.SENSOR_FORWARD_MATRIX1)?.let(::nine),
            )
        },
        sensor.get(CameraCharacteristics.SENSOR_COLOR_TRANSFORM2)?.let {
            LightCalibration(
                sensor.get(CameraCharacteristics.SENSOR_REFERENCE_ILLUMINANT2)?.toInt(),
                nine(it),
                sensor.get(CameraCharacteristics.SENSOR_CALIBRATION_TRANSFORM2)?.let(::nine),
                sensor.get(CameraCharacteristics.SENSOR_FORWARD_MATRIX2)?.let(::nine),
            )
        },
    )

private fun nine(matrix: ColorSpaceTransform) = DoubleArray(9) { matrix.getElement(it % 3, it / 3).toDouble() }

private fun <T : Any> required(
    value: T?,
    name: String,
): T = value ?: throw RawException("The camera doesn't report its $name; open a DNG instead.")
