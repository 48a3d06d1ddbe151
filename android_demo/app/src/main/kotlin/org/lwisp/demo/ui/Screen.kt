package org.lwisp.demo.ui

import android.app.Activity
import android.view.View
import android.widget.Button
import android.widget.SeekBar
import android.widget.TextView
import org.lwisp.demo.R
import org.lwisp.demo.work.DemoState
import org.lwisp.demo.work.Status

/** Shows a state. Everything here is on the main thread and takes no time. */
class Screen(
    private val activity: Activity,
    private val controls: Controls,
) {
    private val pictures = activity.findViewById<ComparisonView>(R.id.pictures)
    private val slider = activity.findViewById<SeekBar>(R.id.comparison)
    private val sliderGroup = activity.findViewById<View>(R.id.comparison_group)
    private val split = activity.findViewById<SplitBar>(R.id.split)
    private val status = activity.findViewById<TextView>(R.id.status)
    private val figures = activity.findViewById<TextView>(R.id.figures)

    init {
        slider.setOnSeekBarChangeListener(ShareListener(pictures))
        pictures.share = slider.progress.toFloat() / slider.max
    }

    fun show(state: DemoState) {
        val busy = state.status is Status.Busy
        controls.showLenses(state.lenses)
        controls.enable(!busy, state.noiseAware)
        enable(!busy, R.id.capture, R.id.open, R.id.sample)
        enable(!busy && state.source != null, R.id.develop, R.id.measure, R.id.save_dng)
        enable(!busy && state.picture != null, R.id.save_picture, R.id.share)
        enable(!busy && state.run != null, R.id.save_results)
        enable(busy, R.id.stop)
        status.text = activity.statusText(state)
        figures.text = activity.figuresText(state)
        split.show(state.picture?.developed?.time)
        pictures.show(state.picture, state.source?.jpeg)
        pictures.contentDescription = activity.getString(describe(state))
        val isComparison = state.picture != null && state.source?.jpeg != null
        sliderGroup.visibility = if (isComparison) View.VISIBLE else View.GONE
        // A series must not end because nobody touches the phone.
        status.keepScreenOn = busy
    }

    private fun describe(state: DemoState): Int =
        when {
            state.picture == null && state.source?.jpeg == null -> R.string.no_picture_description
            state.picture == null -> R.string.phone_description
            state.source?.jpeg == null -> R.string.developed_description
            else -> R.string.both_description
        }

    private fun enable(
        enabled: Boolean,
        vararg ids: Int,
    ) = ids.forEach { activity.findViewById<Button>(it).isEnabled = enabled }
}

private class ShareListener(
    private val pictures: ComparisonView,
) : SeekBar.OnSeekBarChangeListener {
    override fun onProgressChanged(
        seekBar: SeekBar,
        progress: Int,
        fromUser: Boolean,
    ) {
        pictures.share = progress.toFloat() / seekBar.max
    }

    override fun onStartTrackingTouch(seekBar: SeekBar) = Unit

    override fun onStopTrackingTouch(seekBar: SeekBar) = Unit
}
