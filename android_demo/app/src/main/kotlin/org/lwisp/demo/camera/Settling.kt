package org.lwisp.demo.camera

import android.hardware.camera2.CameraMetadata

/** Preview frames that focus, exposure and white balance get; some cameras never report that they have settled. */
private const val MOST_FRAMES = 60

/** Whether the camera is ready for a still, by the states that it reports with each preview frame; null: it has none. */
class Settling(
    private val needsFocus: Boolean,
) {
    private var frames = 0

    /** Takes the states of one more frame. */
    fun isSettled(
        focus: Int?,
        exposure: Int?,
        balance: Int?,
    ): Boolean {
        frames++
        val inFocus = !needsFocus || focus in SETTLED_FOCUS
        return frames >= MOST_FRAMES || (inFocus && exposure in SETTLED_EXPOSURE && balance in SETTLED_BALANCE)
    }

    private companion object {
        /** The search has ended, in focus or not. */
        val SETTLED_FOCUS =
            setOf(
                null,
                CameraMetadata.CONTROL_AF_STATE_FOCUSED_LOCKED,
                CameraMetadata.CONTROL_AF_STATE_NOT_FOCUSED_LOCKED,
            )
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
