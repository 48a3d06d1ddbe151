package org.lwisp.demo.camera

import android.graphics.ImageFormat
import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraManager
import android.hardware.camera2.CameraMetadata
import android.util.Size

/** A camera that supports RAW. */
class RawCamera(
    val id: String,
    val characteristics: CameraCharacteristics,
    val rawSize: Size,
    val jpegSize: Size,
) {
    val facesFront: Boolean
        get() = characteristics.get(CameraCharacteristics.LENS_FACING) == CameraMetadata.LENS_FACING_FRONT
}

/** The first camera with the RAW capability, back cameras before front ones. Raises [CameraException]. */
fun findRawCamera(manager: CameraManager): RawCamera =
    try {
        manager.cameraIdList
            .mapNotNull { rawCamera(it, manager.getCameraCharacteristics(it)) }
            .minByOrNull { it.facesFront }
            ?: throw CameraException(CameraProblem.NO_RAW)
    } catch (error: CameraAccessException) {
        throw CameraException(CameraProblem.of(error), error)
    }

private fun rawCamera(
    id: String,
    characteristics: CameraCharacteristics,
): RawCamera? {
    val capabilities = characteristics.get(CameraCharacteristics.REQUEST_AVAILABLE_CAPABILITIES) ?: return null
    if (CameraMetadata.REQUEST_AVAILABLE_CAPABILITIES_RAW !in capabilities) return null
    val streams = characteristics.get(CameraCharacteristics.SCALER_STREAM_CONFIGURATION_MAP) ?: return null
    val raw = largest(streams.getOutputSizes(ImageFormat.RAW_SENSOR)) ?: return null
    val jpeg = largest(streams.getOutputSizes(ImageFormat.JPEG)) ?: return null
    return RawCamera(id, characteristics, raw, jpeg)
}

private fun largest(sizes: Array<Size>?): Size? = sizes?.maxByOrNull { it.width.toLong() * it.height }
