package org.lwisp.demo.work

import org.lwisp.core.CancelledException
import org.lwisp.core.engine.Progress
import org.lwisp.core.engine.Step
import org.lwisp.demo.R

/** A job's link to the screen: it reports each step, and stops when the user asks it to. */
class Job(
    private val report: (Status) -> Unit,
) {
    @Volatile
    var stopped = false

    /** Called before each step. Raises [CancelledException] if the user has stopped it. */
    fun step(progress: Progress) {
        val sampling = progress.tile == 0
        val text = if (sampling) R.string.step_sample else TEXTS.getValue(progress.step)
        step(Status.Busy(text, if (sampling) emptyList() else listOf(progress.tile, progress.tiles)))
    }

    fun step(status: Status) {
        if (stopped) throw CancelledException()
        report(status)
    }

    private companion object {
        val TEXTS =
            mapOf(
                Step.PREPARE to R.string.step_prepare,
                Step.LOAD to R.string.step_load,
                Step.INFER to R.string.step_infer,
                Step.STORE to R.string.step_store,
            )
    }
}
