package org.lwisp.demo.work

import android.app.ActivityManager
import android.content.Context
import org.lwisp.core.tile.MemoryBudget

/** Of the heap, what the rest of the app may want while a frame is developed. */
private const val HEAP_RESERVE_BYTES = 32L shl 20

/** What developing a frame may take. Mapped files and untouched bitmaps count as available, so both are in it. */
fun memoryBudget(context: Context): MemoryBudget {
    val manager = context.getSystemService(ActivityManager::class.java)
    val memory = ActivityManager.MemoryInfo().also(manager::getMemoryInfo)
    val heap = Runtime.getRuntime()
    return MemoryBudget(
        // Half of what is left above the threshold, below which the system starts to end apps.
        processBytes = (memory.availMem - memory.threshold) / 2,
        heapBytes = heap.maxMemory() - (heap.totalMemory() - heap.freeMemory()) - HEAP_RESERVE_BYTES,
    )
}
