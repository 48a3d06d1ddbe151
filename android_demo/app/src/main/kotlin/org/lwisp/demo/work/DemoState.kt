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
    val status: Status = Status.Idle,
)

/** A document that the app has written. */
class Saved(
    val uri: Uri,
    val type: String,
)

/** What the app is doing, or how the last job ended. */
sealed class Status {
    object Idle : Status()

    object Stopped : Status()

    object Saved : Status()

    /** A step of a job; text: a string resource. */
    class Busy(
        val text: Int,
        val arguments: List<Any> = emptyList(),
    ) : Status()

    /** The job failed; text: a string resource. */
    class Failed(
        val text: Int,
        val arguments: List<Any> = emptyList(),
    ) : Status()
}
