package org.lwisp.demo.camera

import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CaptureResult
import android.hardware.camera2.DngCreator
import android.hardware.camera2.TotalCaptureResult
import android.hardware.camera2.params.ColorSpaceTransform
import android.media.Image
import org.lwisp.core.RawException
import org.lwisp.core.capture.ShadingMap
import org.lwisp.core.capture.noiseOfSites
import org.lwisp.core.raw.Area
import org.lwisp.core.raw.CameraColor
import org.lwisp.core.raw.Cfa
import org.lwisp.core.raw.Corrections
import org.lwisp.core.raw.GainMap
import org.lwisp.core.raw.LightCalibration
import org.lwisp.core.raw.Mosaic
import org.lwisp.core.raw.NoiseProfile
import org.lwisp.core.raw.RawFrame
import org.lwisp.core.raw.gainsOfNeutral
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.math.log2

private const val SITES = 4

/** A sensitivity boost, in percent, that leaves light as it is. */
private const val NO_BOOST = 100.0

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
    val cfa = Cfa.ofCamera2(arrangement)
    val gains = gains(metadata)
    return RawFrame(
        mosaic = Mosaic(image.width, image.height, samples, plane.rowStride).copiedTo(room),
        cfa = cfa,
        blackLevel = blackLevel(metadata, sensor),
        whiteLevel = whiteLevel(metadata, sensor),
        wbGains = gains,
        cameraToSrgb = colorMatrix(sensor, gains),
        orientation = orientation,
        corrections =
            Corrections(
                gainMaps = gainMaps(metadata, sensor, cfa, Area(0, 0, image.width, image.height)),
                baselineExposureEv = boostEv(metadata),
                noise = noise(metadata, cfa),
            ),
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

/** The lens shading to undo; none where the sensor's samples are without it already. */
private fun gainMaps(
    metadata: TotalCaptureResult,
    sensor: CameraCharacteristics,
    cfa: Cfa,
    image: Area,
): List<GainMap> {
    val map = metadata.get(CaptureResult.STATISTICS_LENS_SHADING_CORRECTION_MAP)
    if (map == null || sensor.get(CameraCharacteristics.SENSOR_INFO_LENS_SHADING_APPLIED) == true) return emptyList()
    val points =
        ShadingMap(map.rowCount, map.columnCount) { channel, row, column -> map.getGainFactor(channel, column, row) }
    return points.gainMaps(cfa, image, activeArea(sensor, image))
}

/** The active array within the image, which may be of its size. */
private fun activeArea(
    sensor: CameraCharacteristics,
    image: Area,
): Area {
    val active =
        sensor.get(CameraCharacteristics.SENSOR_INFO_PRE_CORRECTION_ACTIVE_ARRAY_SIZE)?.run {
            Area(left, top, width(), height())
        }
    val isPart = active != null && active.px != image.px && active.intersected(image) == active
    return if (active != null && isPart) active else image
}

private fun noise(
    metadata: TotalCaptureResult,
    cfa: Cfa,
): NoiseProfile? =
    metadata.get(CaptureResult.SENSOR_NOISE_PROFILE)?.takeIf { it.size == SITES }?.let { sites ->
        noiseOfSites(cfa, sites.map { Pair(it.first, it.second) })
    }

/** Stops of the gain that the camera itself would give after the RAW samples. */
private fun boostEv(metadata: TotalCaptureResult): Double =
    metadata.get(CaptureResult.CONTROL_POST_RAW_SENSITIVITY_BOOST)?.let { log2(it / NO_BOOST) } ?: 0.0

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
