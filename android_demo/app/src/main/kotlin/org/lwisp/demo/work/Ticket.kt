package org.lwisp.demo.work

import org.lwisp.core.CancelledException
import org.lwisp.core.engine.Progress
import org.lwisp.core.engine.Step
import org.lwisp.demo.R

/** One job's say: it tells what it's doing and learns when to stop. */
class Ticket(
    private val report: (Doing) -> Unit,
) {
    @Volatile
    var stopped = false

    /** Between two parts of the work. Raises [CancelledException] if the user has stopped it. */
    fun step(progress: Progress) {
        val sampling = progress.tile == 0
        val text = if (sampling) R.string.step_context else TEXTS.getValue(progress.step)
        step(Doing.Busy(text, if (sampling) emptyList() else listOf(progress.tile, progress.tiles)))
    }

    fun step(activity: Doing) {
        if (stopped) throw CancelledException()
        report(activity)
    }

    private companion object {
        val TEXTS =
            mapOf(
                Step.PREPARE to R.string.step_prepare,
                Step.LOAD to R.string.step_load,
                Step.INFER to R.string.step_infer,
                Step.RENDER to R.string.step_render,
            )
    }
}
