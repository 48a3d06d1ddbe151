package org.lwisp.core.preprocess

import kotlin.math.sqrt

/** The curve that 8 bits can hold light under: sqrt((x + offset) / (1 + offset)), x clipped to [-offset, 1]. */
internal class Curve(
    offset: Double,
) {
    private val offset = offset.toFloat()
    private val lowest = (-offset).toFloat()
    private val gain = (1 / (1 + offset)).toFloat()

    fun of(light: Float): Float = sqrt((minOf(maxOf(light, lowest), 1f) + offset) * gain)
}
