package org.lwisp.demo.camera

import android.content.Context
import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.graphics.Matrix
import android.hardware.camera2.TotalCaptureResult
import android.media.Image
import org.lwisp.core.capture.Shot
import org.lwisp.core.raw.clockwiseDegrees
import org.lwisp.demo.R
import org.lwisp.demo.files.cachedDng
import org.lwisp.demo.files.mappedScratch
import org.lwisp.demo.work.Source

/** The longest side of the phone's JPEG on the screen, roughly. */
private const val JPEG_SIDE_PX = 1024

/** Turns a shot into a source: frame, DNG in the cache, the phone's JPEG for the screen. Closes its images. */
fun readShot(
    context: Context,
    camera: RawCamera,
    shot: Shot<Image, TotalCaptureResult>,
    orientation: Int,
): Source =
    shot.raw.use { raw ->
        shot.jpeg.use { jpeg ->
            val file = cachedDng(context)
            writeDng(raw, shot.metadata, camera.characteristics, orientation, file)
            val room = mappedScratch(context, 2L * raw.width * raw.height)
            val frame = frameOf(raw, room, shot.metadata, camera.characteristics, orientation)
            val content = jpeg.planes[0].buffer
            val bytes = ByteArray(content.remaining()).also(content::get)
            Source(context.getString(R.string.capture_name), frame, file, upright(bytes, orientation))
        }
    }

/** The JPEG was asked for as the sensor sees it, so it's turned here like the RAW frame. */
private fun upright(
    jpeg: ByteArray,
    orientation: Int,
): Bitmap? {
    val options = BitmapFactory.Options()
    options.inJustDecodeBounds = true
    BitmapFactory.decodeByteArray(jpeg, 0, jpeg.size, options)
    options.inSampleSize = maxOf(options.outWidth, options.outHeight) / JPEG_SIDE_PX
    options.inJustDecodeBounds = false
    val stored = BitmapFactory.decodeByteArray(jpeg, 0, jpeg.size, options) ?: return null
    val turn = Matrix().apply { postRotate(clockwiseDegrees(orientation).toFloat()) }
    return Bitmap.createBitmap(stored, 0, 0, stored.width, stored.height, turn, true)
}
