package org.lwisp.demo.camera

import android.graphics.ImageFormat
import android.hardware.camera2.CameraCaptureSession
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
import android.view.Surface
import org.lwisp.core.capture.CaptureMatcher
import org.lwisp.core.capture.Shot

/** One still is taken; an image of a large sensor takes 100 MB. */
private const val MAX_IMAGES = 2

/** Preview frames that exposure and white balance get to settle; some cameras never report that they have. */
private const val SETTLE_FRAMES = 60

/**
 * Takes one RAW picture and the phone's own JPEG of the same shot: preview until exposure has settled, one still.
 *
 * onShot: called on the camera's thread; closes the images. onProblem: likewise.
 */
class RawCapture(
    private val camera: RawCamera,
    private val preview: Surface,
    private val onShot: (Shot<Image, TotalCaptureResult>) -> Unit,
    private val onProblem: (CameraProblem) -> Unit,
) : AutoCloseable {
    private val thread = HandlerThread("camera").apply { start() }
    private val handler = Handler(thread.looper)
    private val raw = reader(camera.rawSize.width, camera.rawSize.height, ImageFormat.RAW_SENSOR)
    private val jpeg = reader(camera.jpegSize.width, camera.jpegSize.height, ImageFormat.JPEG)
    private val matcher = CaptureMatcher(onShot)
    private val session = CameraSession(handler, ::startPreview, onProblem)

    fun start(manager: CameraManager) {
        raw.setOnImageAvailableListener({
            it.acquireNextImage()?.let { image ->
                matcher.raw(image.timestamp, image)
            }
        }, handler)
        jpeg.setOnImageAvailableListener({
            it.acquireNextImage()?.let { image ->
                matcher.jpeg(image.timestamp, image)
            }
        }, handler)
        handler.post { session.open(manager, camera, listOf(preview, raw.surface, jpeg.surface)) }
    }

    override fun close() {
        handler.post {
            session.close()
            matcher.close()
            raw.close()
            jpeg.close()
        }
        thread.quitSafely()
    }

    private fun reader(
        width: Int,
        height: Int,
        format: Int,
    ) = ImageReader.newInstance(width, height, format, MAX_IMAGES)

    private fun startPreview(session: CameraSession) {
        val request = session.request(CameraDevice.TEMPLATE_PREVIEW) ?: return
        request.addTarget(preview)
        session.repeat(request.build(), SettledCallback { captureStill(session) })
    }

    private fun captureStill(session: CameraSession) {
        val request = session.request(CameraDevice.TEMPLATE_STILL_CAPTURE) ?: return
        request.addTarget(raw.surface)
        request.addTarget(jpeg.surface)
        request.set(CaptureRequest.JPEG_ORIENTATION, 0)
        // For the frame, and for the file that DngCreator writes.
        request.set(
            CaptureRequest.STATISTICS_LENS_SHADING_MAP_MODE,
            CameraMetadata.STATISTICS_LENS_SHADING_MAP_MODE_ON,
        )
        session.capture(request.build(), StillCallback())
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

    /** Calls back once, when exposure has settled or timed out. */
    private class SettledCallback(
        private val onSettled: () -> Unit,
    ) : CameraCaptureSession.CaptureCallback() {
        private var frames = 0
        private var done = false

        override fun onCaptureCompleted(
            session: CameraCaptureSession,
            request: CaptureRequest,
            result: TotalCaptureResult,
        ) {
            frames++
            val exposure = result.get(CaptureResult.CONTROL_AE_STATE)
            val balance = result.get(CaptureResult.CONTROL_AWB_STATE)
            val settled = exposure in SETTLED_EXPOSURE && balance in SETTLED_BALANCE
            if (!done && (settled || frames >= SETTLE_FRAMES)) {
                done = true
                onSettled()
            }
        }
    }

    private companion object {
        /** Null: the camera has no automatic exposure, or no automatic white balance. */
        val SETTLED_EXPOSURE =
            setOf(
                null,
                CameraMetadata.CONTROL_AE_STATE_CONVERGED,
                CameraMetadata.CONTROL_AE_STATE_LOCKED,
                CameraMetadata.CONTROL_AE_STATE_FLASH_REQUIRED,
            )
        val SETTLED_BALANCE =
            setOf(null, CameraMetadata.CONTROL_AWB_STATE_CONVERGED, CameraMetadata.CONTROL_AWB_STATE_LOCKED)
    }
}
