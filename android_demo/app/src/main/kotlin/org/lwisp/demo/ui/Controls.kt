package org.lwisp.demo.ui

import android.app.Activity
import android.view.View
import android.widget.ArrayAdapter
import android.widget.CheckBox
import android.widget.SeekBar
import android.widget.Spinner
import android.widget.TextView
import org.lwisp.core.picture.Tone
import org.lwisp.demo.R
import org.lwisp.demo.camera.RawCamera
import org.lwisp.demo.engine.Accelerator
import org.lwisp.demo.engine.Target
import org.lwisp.demo.work.Settings

/** The choices on the screen; their order is that of the string arrays. */
class Controls(
    private val activity: Activity,
) {
    private val lens = activity.findViewById<Spinner>(R.id.lens)
    private val tone = spinner(R.id.tone, R.array.tones)
    private val precision = spinner(R.id.precision, R.array.precisions)
    private val accelerator = spinner(R.id.accelerator, R.array.accelerators)
    private val threads = spinner(R.id.threads, R.array.thread_counts, first = 2)
    private val part = spinner(R.id.part, R.array.parts, first = 1)
    private val exposure = Steps(activity, R.id.exposure, R.id.exposure_label, R.string.exposure, EXPOSURE)
    private val auto = activity.findViewById<CheckBox>(R.id.exposure_auto)
    private val denoise = Steps(activity, R.id.denoise, R.id.denoise_label, R.string.denoise, DENOISE)
    private var lenses = emptyList<RawCamera>()

    /** The lens to take a picture with; null if the phone has none. */
    val camera: RawCamera? get() = lenses.getOrNull(maxOf(lens.selectedItemPosition, 0))

    fun settings() =
        Settings(
            Target(
                precision = PRECISIONS[precision.selectedItemPosition],
                accelerator = Accelerator.entries[accelerator.selectedItemPosition],
                threads = THREADS[threads.selectedItemPosition],
            ),
            partPx = PARTS_PX[part.selectedItemPosition],
            tone = TONES[tone.selectedItemPosition],
            exposureEv = if (auto.isChecked) null else exposure.value,
            denoise = if (denoise.isEnabled) denoise.value else 1.0,
        )

    /** noiseAware: precisions whose model is told the noise. */
    fun enable(
        enabled: Boolean,
        noiseAware: Set<String>,
    ) {
        listOf(lens, tone, precision, accelerator, threads, part, auto).forEach { it.isEnabled = enabled }
        exposure.isEnabled = enabled && !auto.isChecked
        denoise.isEnabled = enabled && PRECISIONS[precision.selectedItemPosition] in noiseAware
        auto.setOnClickListener { _: View -> exposure.isEnabled = !auto.isChecked }
    }

    fun showLenses(found: List<RawCamera>) {
        if (found === lenses) return
        lenses = found
        activity.findViewById<View>(R.id.lens_group).visibility = if (found.size > 1) View.VISIBLE else View.GONE
        val adapter = ArrayAdapter(activity, android.R.layout.simple_spinner_item, found.map(::lensName))
        adapter.setDropDownViewResource(android.R.layout.simple_spinner_dropdown_item)
        lens.adapter = adapter
    }

    private fun lensName(camera: RawCamera): String {
        val side = activity.getString(if (camera.facesFront) R.string.front_camera else R.string.back_camera)
        return camera.focalLength35Mm?.let { activity.getString(R.string.lens_name, side, it) } ?: side
    }

    private fun spinner(
        id: Int,
        items: Int,
        first: Int = 0,
    ): Spinner {
        val spinner = activity.findViewById<Spinner>(id)
        val adapter = ArrayAdapter.createFromResource(activity, items, android.R.layout.simple_spinner_item)
        adapter.setDropDownViewResource(android.R.layout.simple_spinner_dropdown_item)
        spinner.adapter = adapter
        spinner.setSelection(first)
        return spinner
    }

    private companion object {
        val PRECISIONS = listOf("int8", "fp16")
        val TONES = listOf(null) + Tone.entries
        val THREADS = listOf(1, 2, 4, 8)
        val PARTS_PX = listOf(512, 1024, 2048, null)
        val EXPOSURE = StepRange(least = -3.0, most = 3.0, step = 0.1, first = 0.0)
        val DENOISE = StepRange(least = 0.0, most = 2.0, step = 0.1, first = 1.0)
    }
}

/** Values of a slider. */
class StepRange(
    val least: Double,
    val most: Double,
    val step: Double,
    val first: Double,
) {
    val count: Int get() = place(most)

    fun place(value: Double): Int = Math.round((value - least) / step).toInt()

    /** Rounded, so that ten steps of 0.1 are 1. */
    fun value(place: Int): Double = Math.rint((least + place * step) * 1000) / 1000
}

/** A slider whose label says its value. label: a text with one number. */
private class Steps(
    private val activity: Activity,
    id: Int,
    labelId: Int,
    private val label: Int,
    private val range: StepRange,
) : SeekBar.OnSeekBarChangeListener {
    private val bar = activity.findViewById<SeekBar>(id)
    private val text = activity.findViewById<TextView>(labelId)

    var isEnabled: Boolean
        get() = bar.isEnabled
        set(value) {
            bar.isEnabled = value
        }

    val value: Double get() = range.value(bar.progress)

    init {
        bar.max = range.count
        bar.setOnSeekBarChangeListener(this)
        bar.progress = range.place(range.first)
        say()
    }

    override fun onProgressChanged(
        seekBar: SeekBar,
        progress: Int,
        fromUser: Boolean,
    ) = say()

    override fun onStartTrackingTouch(seekBar: SeekBar) = Unit

    override fun onStopTrackingTouch(seekBar: SeekBar) = Unit

    private fun say() {
        text.text = activity.getString(label, value)
    }
}
