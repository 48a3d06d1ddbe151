package org.lwisp.demo.work

import android.graphics.Bitmap
import org.lwisp.core.engine.Developed
import org.lwisp.core.picture.PictureSink
import org.lwisp.core.raw.Area

/** The longest side of a picture on the screen; what is larger than 100 MB may not be drawn at all. */
const val SCREEN_SIDE_PX = 2048

/** A developed frame: how it went, the picture, and a copy small enough for the screen. */
class DevelopedPicture(
    val developed: Developed,
    val bitmap: Bitmap,
) {
    val onScreen: Bitmap = reduced(bitmap)
}

/** An upright picture outside the heap: bitmaps lie in memory of their own. */
class BitmapSink(
    widthPx: Int,
    heightPx: Int,
) : PictureSink {
    val bitmap: Bitmap = Bitmap.createBitmap(widthPx, heightPx, Bitmap.Config.ARGB_8888)

    override fun put(
        part: Area,
        argb: IntArray,
    ) = bitmap.setPixels(argb, 0, part.widthPx, part.leftPx, part.topPx, part.widthPx, part.heightPx)
}

/** Halved until it fits: each step averages, so that nothing is skipped. */
private fun reduced(bitmap: Bitmap): Bitmap {
    if (maxOf(bitmap.width, bitmap.height) <= SCREEN_SIDE_PX) return bitmap
    return reduced(Bitmap.createScaledBitmap(bitmap, maxOf(bitmap.width / 2, 1), maxOf(bitmap.height / 2, 1), true))
}
