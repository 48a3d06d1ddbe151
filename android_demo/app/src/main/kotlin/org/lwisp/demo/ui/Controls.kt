package org.lwisp.demo.ui

import android.app.Activity
import android.widget.ArrayAdapter
import android.widget.Spinner
import org.lwisp.demo.R
import org.lwisp.demo.work.Settings

/** The four choices on the screen; their order is that of the string arrays. */
class Controls(
    private val activity: Activity,
) {
    private val precision = spinner(R.id.precision, R.array.precisions)
    private val accelerator = spinner(R.id.accelerator, R.array.accelerators)
    private val threads = spinner(R.id.threads, R.array.thread_counts, first = 2)
    private val part = spinner(R.id.part, R.array.parts, first = 1)

    fun settings() =
        Settings(
            precision = PRECISIONS[precision.selectedItemPosition],
            gpu = accelerator.selectedItemPosition == 1,
            threads = THREADS[threads.selectedItemPosition],
            partPx = PARTS_PX[part.selectedItemPosition],
        )

    fun enable(enabled: Boolean) = listOf(precision, accelerator, threads, part).forEach { it.isEnabled = enabled }

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
        val THREADS = listOf(1, 2, 4, 8)
        val PARTS_PX = listOf(512, 1024, 2048, null)
    }
}
