package org.lwisp.demo.work

import android.graphics.Bitmap
import org.lwisp.core.engine.Developed
import org.lwisp.core.measure.AppRun

/** Everything the screen shows. */
data class DemoState(
    val source: Source? = null,
    val developed: Developed? = null,
    /** The developed picture, for the screen. */
    val bitmap: Bitmap? = null,
    val run: AppRun? = null,
    val doing: Doing = Doing.Idle,
)

/** What the app is doing, or how the last thing ended. */
sealed class Doing {
    object Idle : Doing()

    object Stopped : Doing()

    object Saved : Doing()

    /** A part of the work; text: a string resource. */
    class Busy(
        val text: Int,
        val arguments: List<Any> = emptyList(),
    ) : Doing()

    /** It couldn't be done; text: a string resource. */
    class Failed(
        val text: Int,
        val arguments: List<Any> = emptyList(),
    ) : Doing()
}
