package org.lwisp.demo.camera

import android.content.Context
import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.graphics.Matrix
import android.hardware.camera2.TotalCaptureResult
import android.media.Image
import android.os.Build
import org.lwisp.core.capture.Shot
import org.lwisp.core.capture.ShotLabel
import org.lwisp.core.dng.writeShot
import org.lwisp.core.raw.Mosaic
import org.lwisp.core.raw.clockwiseDegrees
import org.lwisp.demo.R
import org.lwisp.demo.files.keepFrame
import org.lwisp.demo.files.openFrame
import org.lwisp.demo.work.SCREEN_SIDE_PX
import org.lwisp.demo.work.Source
import java.io.OutputStream
import java.nio.ByteOrder
import java.text.SimpleDateFormat
import java.util.Date
import java.util.Locale

/**
 * Turns a shot into a source: its DNG in the cache, the frame that is read from it, the phone's JPEG for the screen.
 * Closes its images.
 */
fun readShot(
    context: Context,
    facts: ShotSource,
    shot: Shot<Image, TotalCaptureResult>,
    orientation: Int,
): Source =
    shot.raw.use { raw ->
        shot.jpeg.use { jpeg ->
            keepFrame(context) { out -> writeImage(raw, facts, label(orientation), out) }
            val content = jpeg.planes[0].buffer
            val bytes = ByteArray(content.remaining()).also(content::get)
            openFrame(context, context.getString(R.string.capture_name), upright(bytes, orientation))
        }
    }

/** Writes a RAW image as a DNG. Raises [org.lwisp.core.RawException] if its metadata is incomplete. */
fun writeImage(
    image: Image,
    facts: ShotSource,
    label: ShotLabel,
    out: OutputStream,
) {
    val plane = image.planes[0]
    val mosaic = Mosaic(image.width, image.height, plane.buffer.order(ByteOrder.nativeOrder()), plane.rowStride)
    writeShot(mosaic, sensorFacts(facts.sensor), shotFacts(facts.result), label, out)
}

private fun label(orientation: Int): ShotLabel {
    val now = SimpleDateFormat("yyyy:MM:dd HH:mm:ss", Locale.ROOT).format(Date())
    return ShotLabel(Build.MANUFACTURER, Build.MODEL, now, orientation)
}

/** The JPEG was asked for as the sensor sees it, so it's turned here like the RAW frame. */
private fun upright(
    jpeg: ByteArray,
    orientation: Int,
): Bitmap? {
    val options = BitmapFactory.Options()
    options.inJustDecodeBounds = true
    BitmapFactory.decodeByteArray(jpeg, 0, jpeg.size, options)
    options.inSampleSize = maxOf(options.outWidth, options.outHeight) / SCREEN_SIDE_PX
    options.inJustDecodeBounds = false
    val stored = BitmapFactory.decodeByteArray(jpeg, 0, jpeg.size, options) ?: return null
    val turn = Matrix().apply { postRotate(clockwiseDegrees(orientation).toFloat()) }
    return Bitmap.createBitmap(stored, 0, 0, stored.width, stored.height, turn, true)
}
