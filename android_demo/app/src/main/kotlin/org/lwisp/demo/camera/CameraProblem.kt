package org.lwisp.demo.camera

import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraDevice.StateCallback
import org.lwisp.demo.R

/** Why there is no picture; text: a string resource. */
enum class CameraProblem(
    val text: Int,
) {
    NO_RAW(R.string.no_raw),
    NO_PERMISSION(R.string.no_permission),
    IN_USE(R.string.camera_in_use),
    DISABLED(R.string.camera_disabled),
    LOST(R.string.camera_lost),
    FAILED(R.string.camera_failed),
    ;

    companion object {
        fun of(error: CameraAccessException): CameraProblem =
            when (error.reason) {
                CameraAccessException.CAMERA_DISABLED -> DISABLED
                CameraAccessException.CAMERA_DISCONNECTED -> LOST
                CameraAccessException.CAMERA_IN_USE, CameraAccessException.MAX_CAMERAS_IN_USE -> IN_USE
                else -> FAILED
            }

        fun ofDevice(error: Int): CameraProblem =
            when (error) {
                StateCallback.ERROR_CAMERA_IN_USE, StateCallback.ERROR_MAX_CAMERAS_IN_USE -> IN_USE
                StateCallback.ERROR_CAMERA_DISABLED -> DISABLED
                else -> FAILED
            }
    }
}

/** A camera that can't be used. */
class CameraException(
    val problem: CameraProblem,
    cause: Throwable? = null,
) : Exception(problem.name, cause)
