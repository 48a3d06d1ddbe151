package org.lwisp.demo.camera

import android.annotation.TargetApi
import android.graphics.ImageFormat
import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraManager
import android.hardware.camera2.CameraMetadata
import android.hardware.camera2.CaptureResult
import android.hardware.camera2.TotalCaptureResult
import android.os.Build
import android.util.Size
import android.view.SurfaceHolder
import kotlin.math.abs
import kotlin.math.hypot
import kotlin.math.roundToInt

/** Diagonal of 35 mm film. */
private const val FILM_DIAGONAL_MM = 43.27

/** Larger previews only heat the phone. */
private const val PREVIEW_SIDE_PX = 1920

/** A size that every camera offers for previews. */
private val COMMON_PREVIEW = Pair(640, 480)

/** A lens that takes RAW pictures. */
class RawCamera(
    /** Of the camera to open. */
    val id: String,
    /** Of the lens among those of the camera; null if it's a camera of its own. */
    val physicalId: String?,
    val characteristics: CameraCharacteristics,
    val rawSize: Size,
    val jpegSize: Size,
    val previewSize: Size,
) {
    val facesFront: Boolean
        get() = characteristics.get(CameraCharacteristics.LENS_FACING) == CameraMetadata.LENS_FACING_FRONT

    val sensorDegrees: Int
        get() = characteristics.get(CameraCharacteristics.SENSOR_ORIENTATION) ?: 0

    /** Whether the lens moves to focus. */
    val focuses: Boolean
        get() = (characteristics.get(CameraCharacteristics.LENS_INFO_MINIMUM_FOCUS_DISTANCE) ?: 0f) > 0

    /** Focal length with the same view on 35 mm film; null if the camera doesn't say. */
    val focalLength35Mm: Int?
        get() {
            val lengths = characteristics.get(CameraCharacteristics.LENS_INFO_AVAILABLE_FOCAL_LENGTHS)
            val sensor = characteristics.get(CameraCharacteristics.SENSOR_INFO_PHYSICAL_SIZE)
            val length = lengths?.firstOrNull() ?: return null
            if (sensor == null) return null
            return (length * FILM_DIAGONAL_MM / hypot(sensor.width, sensor.height)).roundToInt()
        }
}

/** Lenses with the RAW capability, back before front. Raises [CameraException] if there is none. */
fun findRawCameras(manager: CameraManager): List<RawCamera> =
    try {
        val ids = manager.cameraIdList.toList()
        val found = ids.flatMap { id -> lenses(manager, id, hidden = { it !in ids }) }.sortedBy { it.facesFront }
        found.ifEmpty { throw CameraException(CameraProblem.NO_RAW) }
    } catch (error: CameraAccessException) {
        throw CameraException(CameraProblem.of(error), error)
    } catch (error: IllegalArgumentException) {
        // A camera that was unplugged meanwhile.
        throw CameraException(CameraProblem.LOST, error)
    }

/** The camera itself, and those of its lenses that aren't cameras of their own. */
private fun lenses(
    manager: CameraManager,
    id: String,
    hidden: (String) -> Boolean,
): List<RawCamera> {
    val own = manager.getCameraCharacteristics(id)
    val physical = own.physicalCameraIds.filter(hidden).sorted()
    return listOfNotNull(rawCamera(id, null, own)) +
        physical.mapNotNull { rawCamera(id, it, manager.getCameraCharacteristics(it)) }
}

private fun rawCamera(
    id: String,
    physicalId: String?,
    characteristics: CameraCharacteristics,
): RawCamera? {
    val capabilities = characteristics.get(CameraCharacteristics.REQUEST_AVAILABLE_CAPABILITIES) ?: return null
    if (CameraMetadata.REQUEST_AVAILABLE_CAPABILITIES_RAW !in capabilities) return null
    val streams = characteristics.get(CameraCharacteristics.SCALER_STREAM_CONFIGURATION_MAP) ?: return null
    val raw = largest(streams.getOutputSizes(ImageFormat.RAW_SENSOR)) ?: return null
    val jpeg = largest(streams.getOutputSizes(ImageFormat.JPEG)) ?: return null
    val preview = previewSize(streams.getOutputSizes(SurfaceHolder::class.java), raw)
    return RawCamera(id, physicalId, characteristics, raw, jpeg, preview)
}

private fun largest(sizes: Array<Size>?): Size? = sizes?.maxByOrNull { it.width.toLong() * it.height }

/** The largest of those that have the picture's aspect best. */
private fun previewSize(
    sizes: Array<Size>?,
    raw: Size,
): Size {
    val aspect = raw.width.toFloat() / raw.height
    val usable = sizes.orEmpty().filter { maxOf(it.width, it.height) <= PREVIEW_SIDE_PX }
    val nearest = usable.minOfOrNull { aspectError(it, aspect) } ?: return COMMON_PREVIEW.run { Size(first, second) }
    return usable.filter { aspectError(it, aspect) == nearest }.maxByOrNull { it.width } ?: usable[0]
}

/** In hundredths, so that sizes rounded to 16 pixels count as equal. */
private fun aspectError(
    size: Size,
    aspect: Float,
): Int = (abs(size.width.toFloat() / size.height - aspect) * 100).roundToInt()

/** What a shot's facts are read from: the lens that took it, where a camera has several, and its own result. */
class ShotSource(
    val sensor: CameraCharacteristics,
    val result: CaptureResult,
)

/** Raises [CameraException] if the lens is gone. */
fun shotSource(
    manager: CameraManager,
    camera: RawCamera,
    result: TotalCaptureResult,
): ShotSource {
    val id = camera.physicalId ?: activeLens(result) ?: return ShotSource(camera.characteristics, result)

    @Suppress("DEPRECATION") // its successor needs API 31
    val own = result.physicalCameraResults[id] ?: result
    if (id == camera.physicalId) return ShotSource(camera.characteristics, own)
    try {
        return ShotSource(manager.getCameraCharacteristics(id), own)
    } catch (error: CameraAccessException) {
        throw CameraException(CameraProblem.of(error), error)
    }
}

private fun activeLens(result: TotalCaptureResult): String? =
    if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q) Api29.activeLens(result) else null

@TargetApi(Build.VERSION_CODES.Q)
private object Api29 {
    fun activeLens(result: TotalCaptureResult): String? =
        result.get(CaptureResult.LOGICAL_MULTI_CAMERA_ACTIVE_PHYSICAL_ID)
}
