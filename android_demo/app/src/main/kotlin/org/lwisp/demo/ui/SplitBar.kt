package org.lwisp.demo.ui

import android.content.Context
import android.graphics.Canvas
import android.graphics.Paint
import android.util.AttributeSet
import android.view.View
import org.lwisp.core.engine.TimeSplit
import org.lwisp.demo.R

/** Where the time of a picture went: a bar of four parts. The figures stand in words below it. */
class SplitBar(
    context: Context,
    attributes: AttributeSet?,
) : View(context, attributes) {
    private val paints = COLORS.map { color -> Paint().apply { this.color = context.getColor(color) } }
    private var parts = emptyList<Double>()

    fun show(time: TimeSplit?) {
        visibility = if (time == null) View.GONE else View.VISIBLE
        parts = time?.run { listOf(loadMs, prepareMs, inferenceMs, storeMs) }.orEmpty()
        invalidate()
    }

    override fun onDraw(canvas: Canvas) {
        val total = parts.sum()
        if (total <= 0) return
        var left = 0f
        parts.zip(paints).forEach { (part, paint) ->
            val right = left + (part / total * width).toFloat()
            canvas.drawRect(left, 0f, right, height.toFloat(), paint)
            left = right
        }
    }

    private companion object {
        val COLORS = listOf(R.color.split_load, R.color.split_prepare, R.color.split_model, R.color.split_store)
    }
}
