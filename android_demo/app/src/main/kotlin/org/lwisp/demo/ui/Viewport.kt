package org.lwisp.demo.ui

/** Which part of a picture a view shows, and how large: zoom 1 is the whole picture. */
class Viewport {
    private var viewWidth = 0f
    private var viewHeight = 0f
    private var pictureWidth = 0f
    private var pictureHeight = 0f
    private var zoom = 1f
    private var centerX = 0f
    private var centerY = 0f

    /** Pixels of the view per pixel of the picture. */
    val scale: Float get() = zoom * fit

    /** Where the picture's left edge lies in the view. */
    val left: Float get() = viewWidth / 2 - centerX * scale
    val top: Float get() = viewHeight / 2 - centerY * scale
    val isWhole: Boolean get() = zoom <= 1f

    private val fit: Float
        get() = if (pictureWidth == 0f) 1f else minOf(viewWidth / pictureWidth, viewHeight / pictureHeight)

    fun resizeView(
        width: Int,
        height: Int,
    ) {
        viewWidth = width.toFloat()
        viewHeight = height.toFloat()
        keepInside()
    }

    /** Shows another picture, whole. */
    fun show(
        width: Int,
        height: Int,
    ) {
        pictureWidth = width.toFloat()
        pictureHeight = height.toFloat()
        showWhole()
    }

    fun showWhole() {
        zoom = 1f
        keepInside()
    }

    /** A pixel of the picture to a pixel of the view. What lies at (x, y) of the view stays there. */
    fun showFullSize(
        x: Float,
        y: Float,
    ) = zoomBy(1f / scale, x, y)

    /** What lies at (x, y) of the view stays there. The most is two pixels of the view per pixel. */
    fun zoomBy(
        factor: Float,
        x: Float,
        y: Float,
    ) {
        val before = scale
        zoom = minOf(maxOf(zoom * factor, 1f), maxOf(MOST_SCALE / fit, 1f))
        val kept = 1 / before - 1 / scale
        centerX += (x - viewWidth / 2) * kept
        centerY += (y - viewHeight / 2) * kept
        keepInside()
    }

    /** In pixels of the view. */
    fun moveBy(
        dx: Float,
        dy: Float,
    ) {
        centerX -= dx / scale
        centerY -= dy / scale
        keepInside()
    }

    private fun keepInside() {
        centerX = inside(centerX, viewWidth / scale / 2, pictureWidth)
        centerY = inside(centerY, viewHeight / scale / 2, pictureHeight)
    }

    private fun inside(
        center: Float,
        half: Float,
        side: Float,
    ): Float = if (2 * half >= side) side / 2 else minOf(maxOf(center, half), side - half)

    private companion object {
        const val MOST_SCALE = 2f
    }
}
