package org.lwisp.demo.ui

import android.content.Context
import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.Paint
import android.graphics.Rect
import android.graphics.RectF
import android.util.AttributeSet
import android.view.GestureDetector
import android.view.MotionEvent
import android.view.ScaleGestureDetector
import android.view.View
import org.lwisp.demo.work.DevelopedPicture

private const val LINE_DP = 2f
private const val OPAQUE_WHITE = -1

/**
 * The developed picture, and left of a line the phone's own, over it. Two fingers zoom, one moves, two taps show single
 * pixels; the line is moved by the slider below, which screen readers know.
 */
class ComparisonView(
    context: Context,
    attributes: AttributeSet?,
) : View(context, attributes) {
    private val viewport = Viewport()
    private val smooth = Paint(Paint.FILTER_BITMAP_FLAG)
    private val line = Paint().apply { color = OPAQUE_WHITE }
    private val source = Rect()
    private val target = RectF()
    private val zoomed = ScaleGestureDetector(context, ZoomListener())
    private val moved = GestureDetector(context, MoveListener())
    private var developed: DevelopedPicture? = null
    private var phone: Bitmap? = null

    /** How much of the view the phone's picture has, 0 to 1. */
    var share = 0f
        set(value) {
            field = value
            invalidate()
        }

    /** Either may be missing; the phone's alone is shown whole. */
    fun show(
        picture: DevelopedPicture?,
        phonePicture: Bitmap?,
    ) {
        if (picture === developed && phonePicture === phone) return
        developed = picture
        phone = phonePicture
        val shown = picture?.bitmap ?: phonePicture
        if (shown != null) viewport.show(shown.width, shown.height)
        invalidate()
    }

    override fun onSizeChanged(
        width: Int,
        height: Int,
        oldWidth: Int,
        oldHeight: Int,
    ) = viewport.resizeView(width, height)

    override fun onDraw(canvas: Canvas) {
        val picture = developed
        val own = phone
        if (picture != null) drawDeveloped(canvas, picture)
        if (own == null) return
        val edge = if (picture == null) width.toFloat() else share * width
        canvas.save()
        canvas.clipRect(0f, 0f, edge, height.toFloat())
        val size = picture?.bitmap ?: own
        target.set(
            viewport.left,
            viewport.top,
            viewport.left + size.width * viewport.scale,
            viewport.top + size.height * viewport.scale,
        )
        canvas.drawBitmap(own, null, target, smooth)
        canvas.restore()
        if (picture != null && edge > 0) canvas.drawRect(edge, 0f, edge + lineWidth(), height.toFloat(), line)
    }

    /** The reduced copy while the whole picture shows, else the visible pixels alone: a large bitmap can't be drawn. */
    private fun drawDeveloped(
        canvas: Canvas,
        picture: DevelopedPicture,
    ) {
        val full = picture.bitmap
        val scale = viewport.scale
        if (viewport.isWhole || picture.onScreen === full) {
            val (right, bottom) = Pair(viewport.left + full.width * scale, viewport.top + full.height * scale)
            target.set(viewport.left, viewport.top, right, bottom)
            canvas.drawBitmap(picture.onScreen, null, target, smooth)
            return
        }
        source.set(
            (-viewport.left / scale).toInt().coerceIn(0, full.width - 1),
            (-viewport.top / scale).toInt().coerceIn(0, full.height - 1),
            ((width - viewport.left) / scale).toInt().plus(1).coerceIn(1, full.width),
            ((height - viewport.top) / scale).toInt().plus(1).coerceIn(1, full.height),
        )
        val visible = Bitmap.createBitmap(full, source.left, source.top, source.width(), source.height())
        val (left, top) = Pair(viewport.left + source.left * scale, viewport.top + source.top * scale)
        target.set(left, top, left + source.width() * scale, top + source.height() * scale)
        canvas.drawBitmap(visible, null, target, smooth)
    }

    override fun onTouchEvent(event: MotionEvent): Boolean {
        // The pane lies beside what scrolls, not in it; zoomed in, a parent still may not take the gesture over.
        parent.requestDisallowInterceptTouchEvent(!viewport.isWhole || event.pointerCount > 1)
        zoomed.onTouchEvent(event)
        moved.onTouchEvent(event)
        return true
    }

    /** Screen readers' two taps; they know no place within the picture. */
    override fun performClick(): Boolean {
        super.performClick()
        toggleZoom(width / 2f, height / 2f)
        return true
    }

    private fun toggleZoom(
        x: Float,
        y: Float,
    ) {
        if (viewport.isWhole) viewport.showFullSize(x, y) else viewport.showWhole()
        invalidate()
    }

    private fun lineWidth() = LINE_DP * resources.displayMetrics.density

    private inner class ZoomListener : ScaleGestureDetector.SimpleOnScaleGestureListener() {
        override fun onScale(detector: ScaleGestureDetector): Boolean {
            viewport.zoomBy(detector.scaleFactor, detector.focusX, detector.focusY)
            invalidate()
            return true
        }
    }

    private inner class MoveListener : GestureDetector.SimpleOnGestureListener() {
        override fun onDown(event: MotionEvent) = true

        override fun onScroll(
            first: MotionEvent?,
            current: MotionEvent,
            distanceX: Float,
            distanceY: Float,
        ): Boolean {
            viewport.moveBy(-distanceX, -distanceY)
            invalidate()
            return true
        }

        override fun onDoubleTap(event: MotionEvent): Boolean {
            toggleZoom(event.x, event.y)
            return true
        }
    }
}
