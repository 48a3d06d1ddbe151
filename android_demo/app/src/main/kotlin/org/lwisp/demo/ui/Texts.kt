package org.lwisp.demo.ui

import android.content.Context
import org.lwisp.core.engine.Developed
import org.lwisp.core.measure.AppRun
import org.lwisp.core.measure.summarise
import org.lwisp.core.tile.FramePlan
import org.lwisp.demo.R
import org.lwisp.demo.work.DemoState
import org.lwisp.demo.work.Status

/** What the app is doing, or what it shows. */
fun Context.statusText(state: DemoState): String =
    when (val status = state.status) {
        is Status.Idle -> sourceText(state)
        is Status.Stopped -> getString(R.string.stopped)
        is Status.Saved -> getString(R.string.saved)
        is Status.Busy -> getString(status.text, *status.arguments.toTypedArray())
        is Status.Failed -> getString(status.text, *status.arguments.toTypedArray())
    }

/** Latency: the split of the last picture, percentiles of a series, thermal status. */
fun Context.figuresText(state: DemoState): String {
    val developed = state.picture?.developed ?: return ""
    return (
        listOfNotNull(splitText(developed), state.run?.let(::latencyText), state.run?.let(::thermalText)) +
            developed.notes
    ).joinToString("\n")
}

private fun Context.sourceText(state: DemoState): String {
    val source = state.source ?: return getString(R.string.idle)
    val (width, height) = source.frame.picture.run { Pair(widthPx, heightPx) }
    return (listOf(getString(R.string.source, source.name, width, height)) + source.frame.notes).joinToString("\n")
}

private fun Context.splitText(developed: Developed): String {
    val time = developed.time
    return getString(R.string.backend, developed.backend) + "\n" + planText(developed.plan) + "\n" +
        getString(R.string.exposed, developed.exposureEv) + "\n" +
        getString(R.string.split, time.loadMs, time.prepareMs, time.inferenceMs, time.storeMs)
}

private fun Context.planText(plan: FramePlan): String =
    if (plan.isWhole) {
        getString(R.string.whole_frame)
    } else {
        getString(R.string.tiles, plan.runs, plan.stages.size, plan.workFactor)
    }

private fun Context.latencyText(run: AppRun): String {
    val summary = summarise(run.samplesMs)
    val size = run.plan.frame
    return getString(
        R.string.latency,
        summary.runs,
        size.widthPx,
        size.heightPx,
        summary.p50Ms,
        summary.p90Ms,
        summary.p99Ms,
    )
}

private fun Context.thermalText(run: AppRun): String? =
    run.thermalBefore?.let { getString(R.string.thermal, it, run.thermalAfter) }
