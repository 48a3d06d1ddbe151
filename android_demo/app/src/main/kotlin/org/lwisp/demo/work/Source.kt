package org.lwisp.demo.work

import android.graphics.Bitmap
import org.lwisp.core.raw.RawFrame
import java.io.File

/** A RAW frame to develop and where it came from. */
class Source(
    val name: String,
    val frame: RawFrame,
    /** The frame as a DNG file in the app's cache. */
    val dng: File,
    /** The phone's own picture of the same shot, for the screen; null for files. */
    val jpeg: Bitmap? = null,
)
