package org.lwisp.demo.work

import android.net.Uri
import org.lwisp.core.measure.AppRun
import org.lwisp.demo.camera.RawCamera

/** Everything the screen shows. */
data class DemoState(
    val source: Source? = null,
    val picture: DevelopedPicture? = null,
    val run: AppRun? = null,
    val status: Status = Status.Idle,
    /** The phone's lenses that take RAW pictures; empty until they are found. */
    val lenses: List<RawCamera> = emptyList(),
    /** Precisions whose model is told the noise. */
    val noiseAware: Set<String> = emptySet(),
)

/** A document that other apps may read. */
class Shared(
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
