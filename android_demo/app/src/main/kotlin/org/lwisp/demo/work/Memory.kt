package org.lwisp.demo.work

import android.app.ActivityManager
import android.content.Context
import org.lwisp.core.engine.neededBytes
import org.lwisp.core.raw.Mosaic

/** A frame that the phone hasn't the memory for; figures: width, height, needed MB, free MB. */
class MemoryShortException(
    val figures: List<Any>,
) : Exception("Not enough memory: $figures")

/** Refuses a frame before it is tried. Raises [MemoryShortException]. */
fun checkMemory(
    context: Context,
    mosaic: Mosaic,
    precision: String,
) {
    val manager = context.getSystemService(ActivityManager::class.java)
    val memory = ActivityManager.MemoryInfo().also(manager::getMemoryInfo)
    val needed = neededBytes(mosaic.widthPx, mosaic.heightPx, precision)
    // Below the threshold the system starts to end apps.
    val free = memory.availMem - memory.threshold
    if (needed > free) {
        throw MemoryShortException(listOf(mosaic.widthPx, mosaic.heightPx, needed shr 20, maxOf(free, 0) shr 20))
    }
}
