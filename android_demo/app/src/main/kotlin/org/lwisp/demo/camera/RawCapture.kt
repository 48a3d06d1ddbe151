package org.lwisp.demo.camera

import android.graphics.ImageFormat
import android.hardware.camera2.CameraCaptureSession
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraDevice
import android.hardware.camera2.CameraManager
import android.hardware.camera2.CameraMetadata
import android.hardware.camera2.CaptureFailure
import android.hardware.camera2.CaptureRequest
import android.hardware.camera2.CaptureResult
import android.hardware.camera2.TotalCaptureResult
import android.media.Image
import android.media.ImageReader
import android.os.Handler
import android.os.HandlerThread
import android.util.Size
import android.view.Surface
import org.lwisp.core.capture.CaptureMatcher
import org.lwisp.core.capture.Shot

/** One still is taken; an image of a large sensor takes 100 MB. */
private const val MAX_IMAGES = 2

/**
 * A preview, and on [shoot] one RAW picture with the phone's own JPEG of the same shot.
 *
 * The callbacks are called on the camera's thread. onReady: the preview runs. onShot: closes the images. onProblem: the
 * camera is closed.
 */
class RawCapture(
    private val camera: RawCamera,
    private val preview: Surface,
    private val onReady: () -> Unit,
    private val onShot: (Shot<Image, TotalCaptureResult>) -> Unit,
    private val onProblem: (CameraProblem) -> Unit,
) : AutoCloseable {
    private val thread = HandlerThread("camera").apply { start() }
    private val handler = Handler(thread.looper)
    private val raw = reader(camera.rawSize, ImageFormat.RAW_SENSOR)
    private val jpeg = reader(camera.jpegSize, ImageFormat.JPEG)
    private val matcher = CaptureMatcher(onShot)
    private val session = CameraSession(handler, ::startPreview, onProblem, ::release)

    /** Null unless a still is wanted. */
    private var settling: Settling? = null

    fun start(manager: CameraManager) {
        raw.setOnImageAvailableListener({ take(it, matcher::raw) }, handler)
        jpeg.setOnImageAvailableListener({ take(it, matcher::jpeg) }, handler)
        handler.post { session.open(manager, camera, listOf(preview, raw.surface, jpeg.surface)) }
    }

    /** Takes a picture as soon as focus, exposure and white balance have settled. */
    fun shoot() {
        handler.post {
            if (settling == null) {
                settling = Settling(camera.focuses)
                if (camera.focuses) focus()
            }
        }
    }

    override fun close() {
        handler.post(session::close)
    }

    private fun release() {
        matcher.close()
        raw.close()
        jpeg.close()
        thread.quitSafely()
    }

    private fun reader(
        size: Size,
        format: Int,
    ) = ImageReader.newInstance(size.width, size.height, format, MAX_IMAGES)

    private fun take(
        reader: ImageReader,
        keep: (Long, Image) -> Unit,
    ) = session.attempt { reader.acquireNextImage()?.let { keep(it.timestamp, it) } }

    private fun startPreview() {
        val request = session.request(CameraDevice.TEMPLATE_PREVIEW) { addTarget(preview) } ?: return
        session.repeat(request, PreviewCallback())
        onReady()
    }

    private fun focus() {
        val request =
            session.request(CameraDevice.TEMPLATE_PREVIEW) {
                addTarget(preview)
                set(CaptureRequest.CONTROL_AF_TRIGGER, CameraMetadata.CONTROL_AF_TRIGGER_START)
            } ?: return
        session.capture(request, object : CameraCaptureSession.CaptureCallback() {})
    }

    private fun captureStill() {
        val request =
            session.request(CameraDevice.TEMPLATE_STILL_CAPTURE) {
                addTarget(raw.surface)
                addTarget(jpeg.surface)
                set(CaptureRequest.JPEG_ORIENTATION, 0)
                set(
                    CaptureRequest.STATISTICS_LENS_SHADING_MAP_MODE,
                    CameraMetadata.STATISTICS_LENS_SHADING_MAP_MODE_ON,
                )
                if (camera.reportsHotPixels()) set(CaptureRequest.STATISTICS_HOT_PIXEL_MAP_MODE, true)
            } ?: return
        session.capture(request, StillCallback())
    }

    private inner class StillCallback : CameraCaptureSession.CaptureCallback() {
        override fun onCaptureCompleted(
            session: CameraCaptureSession,
            request: CaptureRequest,
            result: TotalCaptureResult,
        ) {
            val timestamp = result.get(CaptureResult.SENSOR_TIMESTAMP)
            if (timestamp == null) onProblem(CameraProblem.FAILED) else matcher.metadata(timestamp, result)
        }

        override fun onCaptureFailed(
            session: CameraCaptureSession,
            request: CaptureRequest,
            failure: CaptureFailure,
        ) = onProblem(CameraProblem.FAILED)

        override fun onCaptureBufferLost(
            session: CameraCaptureSession,
            request: CaptureRequest,
            target: Surface,
            frameNumber: Long,
        ) = onProblem(CameraProblem.FAILED)
    }

    private inner class PreviewCallback : CameraCaptureSession.CaptureCallback() {
        private var isTaken = false

        override fun onCaptureCompleted(
            session: CameraCaptureSession,
            request: CaptureRequest,
            result: TotalCaptureResult,
        ) {
            val waiting = settling
            if (waiting == null || isTaken) return
            isTaken =
                waiting.isSettled(
                    result.get(CaptureResult.CONTROL_AF_STATE),
                    result.get(CaptureResult.CONTROL_AE_STATE),
                    result.get(CaptureResult.CONTROL_AWB_STATE),
                )
            if (isTaken) captureStill()
        }
    }
}

private fun RawCamera.reportsHotPixels(): Boolean =
    characteristics
        .get(CameraCharacteristics.STATISTICS_INFO_AVAILABLE_HOT_PIXEL_MAP_MODES)
        ?.contains(true) == true
