package org.lwisp.demo.ui

import android.app.Activity
import android.content.pm.ActivityInfo
import android.hardware.camera2.CameraManager
import android.hardware.camera2.TotalCaptureResult
import android.media.Image
import android.view.OrientationEventListener
import android.view.Surface
import android.view.SurfaceHolder
import android.view.View
import org.lwisp.core.capture.Shot
import org.lwisp.core.raw.exifOrientation
import org.lwisp.demo.R
import org.lwisp.demo.camera.CameraProblem
import org.lwisp.demo.camera.RawCamera
import org.lwisp.demo.camera.RawCapture
import org.lwisp.demo.camera.readShot
import org.lwisp.demo.camera.shotSource
import org.lwisp.demo.work.DemoController
import org.lwisp.demo.work.Status

/**
 * Takes a picture: shows the preview and the shutter, hands the shot to the controller, closes the camera.
 *
 * The screen doesn't turn meanwhile: that would take the preview's surface away from the camera. How the phone is held is
 * asked of the phone itself.
 */
class CaptureView(
    private val activity: Activity,
    private val controller: DemoController,
) : AutoCloseable {
    private val manager = activity.getSystemService(CameraManager::class.java)
    private val preview = activity.findViewById<PreviewView>(R.id.preview)
    private val shutter = activity.findViewById<View>(R.id.shutter)
    private val hold = HoldListener(activity)
    private var camera: RawCamera? = null
    private var capture: RawCapture? = null

    init {
        preview.holder.addCallback(PreviewCallback())
        shutter.setOnClickListener { _: View -> shoot() }
    }

    val isOpen: Boolean get() = camera != null

    /** Opens a lens; the camera permission is granted. */
    fun start(chosen: RawCamera) {
        camera = chosen
        activity.requestedOrientation = ActivityInfo.SCREEN_ORIENTATION_LOCKED
        hold.start(displayDegrees())
        controller.show(Status.Busy(R.string.step_preview))
        preview.show(chosen.previewSize, isTurned = (chosen.sensorDegrees - displayDegrees()) % 180 != 0)
    }

    /** Closes the camera; a capture under way is abandoned. */
    override fun close() {
        if (camera != null) controller.show(Status.Stopped)
        release()
    }

    private fun shoot() {
        shutter.isEnabled = false
        controller.show(Status.Busy(R.string.step_capture))
        capture?.shoot()
    }

    private fun release() {
        if (camera == null) return
        capture?.close()
        capture = null
        camera = null
        hold.disable()
        preview.visibility = View.GONE
        shutter.visibility = View.GONE
        activity.requestedOrientation = ActivityInfo.SCREEN_ORIENTATION_UNSPECIFIED
    }

    private fun fail(problem: CameraProblem) {
        controller.show(Status.Failed(problem.text))
        release()
    }

    private fun begin(
        chosen: RawCamera,
        surface: Surface,
    ) {
        val app = activity.applicationContext
        // On the camera's thread, which closes the camera's buffers only afterwards.
        val onShot = { shot: Shot<Image, TotalCaptureResult> ->
            val orientation = exifOrientation(chosen.sensorDegrees, hold.displayDegrees, chosen.facesFront)
            val source = runCatching { readShot(app, shotSource(manager, chosen, shot.metadata), shot, orientation) }
            controller.open { source.getOrThrow() }
            activity.runOnUiThread(::release)
        }
        val onReady = { activity.runOnUiThread(::showShutter) }
        val begun = RawCapture(chosen, surface, onReady, onShot) { problem -> activity.runOnUiThread { fail(problem) } }
        capture = begun
        begun.start(manager)
    }

    private fun showShutter() {
        if (camera == null) return
        shutter.isEnabled = true
        shutter.visibility = View.VISIBLE
        shutter.requestFocus()
    }

    @Suppress("DEPRECATION") // its successor needs API 30
    private fun displayDegrees() = 90 * activity.windowManager.defaultDisplay.rotation

    private inner class PreviewCallback : SurfaceHolder.Callback {
        override fun surfaceCreated(holder: SurfaceHolder) = Unit

        /** The size asked for is there: cameras refuse others. */
        override fun surfaceChanged(
            holder: SurfaceHolder,
            format: Int,
            width: Int,
            height: Int,
        ) {
            val chosen = camera ?: return
            if (capture == null && width == chosen.previewSize.width) begin(chosen, holder.surface)
        }

        override fun surfaceDestroyed(holder: SurfaceHolder) {
            if (capture != null) close()
        }
    }
}

/** How the phone is held, as the display's turn would be if it weren't locked. */
private class HoldListener(
    activity: Activity,
) : OrientationEventListener(activity) {
    @Volatile
    var displayDegrees = 0
        private set

    fun start(degrees: Int) {
        displayDegrees = degrees
        enable()
    }

    /** degrees: clockwise turn of the phone; the display would turn the other way. */
    override fun onOrientationChanged(degrees: Int) {
        if (degrees != ORIENTATION_UNKNOWN) displayDegrees = (360 - (degrees + 45) / 90 * 90) % 360
    }
}
