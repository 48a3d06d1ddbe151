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

/** An open camera with its outputs configured. Every call and callback is on the handler's thread. */
class CameraSession(
    private val handler: Handler,
    private val onReady: (CameraSession) -> Unit,
    private val onProblem: (CameraProblem) -> Unit,
) : AutoCloseable {
    private var device: CameraDevice? = null
    private var session: CameraCaptureSession? = null
    private var closed = false

    /** Opens the camera, whose permission has been granted. */
    @SuppressLint("MissingPermission")
    fun open(
        manager: CameraManager,
        camera: RawCamera,
        outputs: List<Surface>,
    ) = guarded { manager.openCamera(camera.id, deviceCallback(outputs), handler) }

    /** A request for this camera; null once it's closed. */
    fun request(template: Int): CaptureRequest.Builder? = device?.createCaptureRequest(template)

    fun repeat(
        request: CaptureRequest,
        callback: CameraCaptureSession.CaptureCallback,
    ) = guarded { session?.setRepeatingRequest(request, callback, handler) }

    fun capture(
        request: CaptureRequest,
        callback: CameraCaptureSession.CaptureCallback,
    ) = guarded { session?.capture(request, callback, handler) }

    override fun close() {
        closed = true
        session?.close()
        device?.close()
        session = null
        device = null
    }

    private fun deviceCallback(outputs: List<Surface>) =
        object : CameraDevice.StateCallback() {
            override fun onOpened(camera: CameraDevice) {
                device = camera
                if (closed) camera.close() else configure(camera, outputs)
            }

            override fun onDisconnected(camera: CameraDevice) = fail(CameraProblem.LOST)

            override fun onError(
                camera: CameraDevice,
                error: Int,
            ) = fail(CameraProblem.ofDevice(error))
        }

    private fun configure(
        camera: CameraDevice,
        outputs: List<Surface>,
    ) = guarded {
        camera.createCaptureSession(
            SessionConfiguration(
                SessionConfiguration.SESSION_REGULAR,
                outputs.map { OutputConfiguration(it) },
                { handler.post(it) },
                sessionCallback(),
            ),
        )
    }

    private fun sessionCallback() =
        object : CameraCaptureSession.StateCallback() {
            override fun onConfigured(configured: CameraCaptureSession) {
                session = configured
                if (!closed) onReady(this@CameraSession)
            }

            override fun onConfigureFailed(configured: CameraCaptureSession) = fail(CameraProblem.FAILED)
        }

    private fun fail(problem: CameraProblem) {
        if (!closed) {
            close()
            onProblem(problem)
        }
    }

    /** The camera can go at any moment; a session of one that went throws IllegalStateException. */
    private fun guarded(work: () -> Unit) {
        try {
            work()
        } catch (error: CameraAccessException) {
            fail(CameraProblem.of(error))
        } catch (error: IllegalStateException) {
            fail(CameraProblem.LOST)
        } catch (error: SecurityException) {
            fail(CameraProblem.NO_PERMISSION)
        }
    }
}
