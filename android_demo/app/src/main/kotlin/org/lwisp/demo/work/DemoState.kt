package org.lwisp.demo.work

import android.net.Uri
import org.lwisp.core.measure.AppRun

/** Everything the screen shows. */
data class DemoState(
    val source: Source? = null,
    val picture: DevelopedPicture? = null,
    val run: AppRun? = null,
    /** What was saved last, to share. */
    val saved: Saved? = null,
    val doing: Doing = Doing.Idle,
)

/** A document that the app has written. */
class Saved(
    val uri: Uri,
    val type: String,
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
