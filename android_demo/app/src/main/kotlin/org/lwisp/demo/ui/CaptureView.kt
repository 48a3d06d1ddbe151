package org.lwisp.demo.ui

import android.app.Activity
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraManager
import android.hardware.camera2.TotalCaptureResult
import android.media.Image
import android.view.Surface
import android.view.SurfaceHolder
import android.view.SurfaceView
import android.view.View
import org.lwisp.core.capture.Shot
import org.lwisp.core.raw.exifOrientation
import org.lwisp.demo.R
import org.lwisp.demo.camera.CameraProblem
import org.lwisp.demo.camera.RawCamera
import org.lwisp.demo.camera.RawCapture
import org.lwisp.demo.camera.findRawCamera
import org.lwisp.demo.camera.readShot
import org.lwisp.demo.work.DemoController
import org.lwisp.demo.work.Status

/** Takes a picture: shows the preview while exposure settles, hands the shot to the controller, closes the camera. */
class CaptureView(
    private val activity: Activity,
    private val controller: DemoController,
) : AutoCloseable {
    private val manager = activity.getSystemService(CameraManager::class.java)
    private val preview = activity.findViewById<SurfaceView>(R.id.preview)
    private var wanted = false
    private var camera: RawCamera? = null
    private var capture: RawCapture? = null

    init {
        preview.holder.addCallback(PreviewCallback())
    }

    /** Starts a capture; the camera permission is granted. */
    fun start() {
        wanted = true
        controller.query(R.string.step_capture, { findRawCamera(manager) }, ::showPreview)
    }

    /** Closes the camera; a capture under way is abandoned. */
    override fun close() {
        if (wanted) controller.show(Status.Stopped)
        release()
    }

    private fun showPreview(found: RawCamera) {
        if (!wanted) return
        camera = found
        preview.holder.setFixedSize(PREVIEW_WIDTH_PX, PREVIEW_HEIGHT_PX)
        preview.visibility = View.VISIBLE
    }

    private fun release() {
        wanted = false
        capture?.close()
        capture = null
        camera = null
        preview.visibility = View.GONE
    }

    private fun fail(problem: CameraProblem) {
        controller.show(Status.Failed(problem.text))
        release()
    }

    private fun begin(
        camera: RawCamera,
        surface: Surface,
    ) {
        val orientation = orientation(camera)
        val app = activity.applicationContext
        // On the camera's thread, which closes the camera's buffers only afterwards.
        val onShot = { shot: Shot<Image, TotalCaptureResult> ->
            val source = runCatching { readShot(app, camera, shot, orientation) }
            controller.open { source.getOrThrow() }
            activity.runOnUiThread(::release)
        }
        val begun = RawCapture(camera, surface, onShot) { problem -> activity.runOnUiThread { fail(problem) } }
        capture = begun
        begun.start(manager)
    }

    private fun orientation(camera: RawCamera): Int {
        val sensorDegrees = camera.characteristics.get(CameraCharacteristics.SENSOR_ORIENTATION) ?: 0

        @Suppress("DEPRECATION") // its successor needs API 30
        val displayDegrees = 90 * activity.windowManager.defaultDisplay.rotation
        return exifOrientation(sensorDegrees, displayDegrees, camera.facesFront)
    }

    private inner class PreviewCallback : SurfaceHolder.Callback {
        override fun surfaceCreated(holder: SurfaceHolder) = Unit

        /** The size asked for is there: cameras refuse others. */
        override fun surfaceChanged(
            holder: SurfaceHolder,
            format: Int,
            width: Int,
            height: Int,
        ) {
            val wanted = camera ?: return
            if (capture == null && width == PREVIEW_WIDTH_PX) begin(wanted, holder.surface)
        }

        override fun surfaceDestroyed(holder: SurfaceHolder) {
            if (capture != null) close()
        }
    }

    private companion object {
        /** A size that every camera offers for previews. */
        const val PREVIEW_WIDTH_PX = 640
        const val PREVIEW_HEIGHT_PX = 480
    }
}
