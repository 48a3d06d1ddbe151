package org.lwisp.demo.camera

import android.annotation.SuppressLint
import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraCaptureSession
import android.hardware.camera2.CameraDevice
import android.hardware.camera2.CameraManager
import android.hardware.camera2.CaptureRequest
import android.hardware.camera2.params.OutputConfiguration
import android.hardware.camera2.params.SessionConfiguration
import android.os.Handler
import android.view.Surface

/**
 * An open camera with its outputs configured. Every call and callback is on the handler's thread, which must live until
 * onClosed: a camera that opens after [close] is closed then, and would stay open for good on a thread that has ended.
 */
class CameraSession(
    private val handler: Handler,
    private val onReady: () -> Unit,
    private val onProblem: (CameraProblem) -> Unit,
    private val onClosed: () -> Unit,
) : AutoCloseable {
    private var device: CameraDevice? = null
    private var session: CameraCaptureSession? = null
    private var opening = false
    private var closed = false
    private var reported = false

    /** Opens the camera, whose permission has been granted. */
    @SuppressLint("MissingPermission")
    fun open(
        manager: CameraManager,
        camera: RawCamera,
        outputs: List<Surface>,
    ) {
        if (closed) return
        opening = true
        attempt { manager.openCamera(camera.id, deviceCallback(camera, outputs), handler) }
    }

    /** A request for this camera; null once it's closed or gone. */
    fun request(
        template: Int,
        fill: CaptureRequest.Builder.() -> Unit,
    ): CaptureRequest? {
        var request: CaptureRequest? = null
        attempt { request = device?.createCaptureRequest(template)?.apply(fill)?.build() }
        return request
    }

    fun repeat(
        request: CaptureRequest,
        callback: CameraCaptureSession.CaptureCallback,
    ) = attempt { session?.setRepeatingRequest(request, callback, handler) }

    fun capture(
        request: CaptureRequest,
        callback: CameraCaptureSession.CaptureCallback,
    ) = attempt { session?.capture(request, callback, handler) }

    /** The camera can go at any moment; a session or an image reader of one that went throws IllegalStateException. */
    fun attempt(work: () -> Unit) {
        try {
            work()
        } catch (error: CameraAccessException) {
            fail(CameraProblem.of(error))
        } catch (error: IllegalStateException) {
            fail(CameraProblem.LOST)
        } catch (error: IllegalArgumentException) {
            // A surface that has gone, or a set of outputs that this camera can't do.
            fail(CameraProblem.FAILED)
        } catch (error: SecurityException) {
            fail(CameraProblem.NO_PERMISSION)
        }
    }

    override fun close() {
        if (closed) return
        closed = true
        val open = device
        device = null
        session = null
        when {
            // Its callback says when it's closed. That ends the session, too.
            open != null -> open.close()

            !opening -> reportClosed()
        }
    }

    private fun deviceCallback(
        camera: RawCamera,
        outputs: List<Surface>,
    ) = object : CameraDevice.StateCallback() {
        override fun onOpened(opened: CameraDevice) {
            opening = false
            if (closed) return opened.close()
            device = opened
            attempt { configure(opened, camera, outputs) }
        }

        override fun onClosed(gone: CameraDevice) = reportClosed()

        override fun onDisconnected(gone: CameraDevice) = failed(gone, CameraProblem.LOST)

        override fun onError(
            gone: CameraDevice,
            error: Int,
        ) = failed(gone, CameraProblem.ofDevice(error))

        private fun failed(
            gone: CameraDevice,
            problem: CameraProblem,
        ) {
            opening = false
            if (closed) return gone.close()
            device = gone
            fail(problem)
        }
    }

    private fun configure(
        opened: CameraDevice,
        camera: RawCamera,
        outputs: List<Surface>,
    ) {
        val configurations =
            outputs.map { surface ->
                OutputConfiguration(surface).apply { camera.physicalId?.let { setPhysicalCameraId(it) } }
            }
        opened.createCaptureSession(
            SessionConfiguration(
                SessionConfiguration.SESSION_REGULAR,
                configurations,
                { handler.post(it) },
                sessionCallback(),
            ),
        )
    }

    private fun sessionCallback() =
        object : CameraCaptureSession.StateCallback() {
            override fun onConfigured(configured: CameraCaptureSession) {
                if (closed) return
                session = configured
                onReady()
            }

            override fun onConfigureFailed(configured: CameraCaptureSession) = fail(CameraProblem.FAILED)
        }

    private fun fail(problem: CameraProblem) {
        if (closed) return
        if (device == null) opening = false
        close()
        onProblem(problem)
    }

    private fun reportClosed() {
        if (reported) return
        reported = true
        onClosed()
    }
}
