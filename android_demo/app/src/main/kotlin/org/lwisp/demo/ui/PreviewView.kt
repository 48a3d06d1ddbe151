package org.lwisp.demo.ui

import android.content.Context
import android.util.AttributeSet
import android.util.Size
import android.view.SurfaceView
import android.view.View

/** The camera's preview in its own aspect, as large as its place allows. */
class PreviewView(
    context: Context,
    attributes: AttributeSet?,
) : SurfaceView(context, attributes) {
    private var shownWidthPx = 0
    private var shownHeightPx = 0

    /** Asks for a surface of the size. isTurned: the screen shows the camera's picture on its side. */
    fun show(
        size: Size,
        isTurned: Boolean,
    ) {
        shownWidthPx = if (isTurned) size.height else size.width
        shownHeightPx = if (isTurned) size.width else size.height
        holder.setFixedSize(size.width, size.height)
        visibility = View.VISIBLE
        requestLayout()
    }

    override fun onMeasure(
        widthMeasureSpec: Int,
        heightMeasureSpec: Int,
    ) {
        val width = MeasureSpec.getSize(widthMeasureSpec)
        val height = MeasureSpec.getSize(heightMeasureSpec)
        if (shownWidthPx == 0) return setMeasuredDimension(width, height)
        val scale = minOf(width.toFloat() / shownWidthPx, height.toFloat() / shownHeightPx)
        setMeasuredDimension((scale * shownWidthPx).toInt(), (scale * shownHeightPx).toInt())
    }
}
