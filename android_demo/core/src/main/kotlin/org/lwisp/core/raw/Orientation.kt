package org.lwisp.core.raw

/**
 * EXIF orientation of a frame as a sensor gives it.
 *
 * sensorDegrees: clockwise turn that makes the frame upright in the device's natural position
 * (`SENSOR_ORIENTATION`). displayDegrees: counter-clockwise turn of the display from there, 0, 90, 180 or 270.
 */
fun exifOrientation(
    sensorDegrees: Int,
    displayDegrees: Int,
    facesFront: Boolean,
): Int {
    val turn = if (facesFront) sensorDegrees + displayDegrees else sensorDegrees - displayDegrees
    return when (Math.floorMod(turn, 360)) {
        90 -> 6
        180 -> 3
        270 -> 8
        else -> 1
    }
}

/** How far a frame of an EXIF orientation without mirroring (1, 3, 6 or 8) is turned clockwise to be upright. */
fun clockwiseDegrees(orientation: Int): Int =
    when (orientation) {
        6 -> 90
        3 -> 180
        8 -> 270
        else -> 0
    }
