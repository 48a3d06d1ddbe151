package org.lwisp.demo.work

import org.lwisp.core.engine.DevelopOptions
import org.lwisp.core.picture.Tone
import org.lwisp.core.preprocess.PrepareOptions
import org.lwisp.demo.engine.Target

/** What the user chose. */
data class Settings(
    val target: Target,
    /** Side of the centre that is developed, in pixels; null: the whole frame. */
    val partPx: Int?,
    /** Null: as the model renders. */
    val tone: Tone? = null,
    /** Stops added to those that the camera asks for; null: by the frame's own light. */
    val exposureEv: Double? = 0.0,
    /** Factor on the noise that the model is told. */
    val denoise: Double = 1.0,
) {
    fun options() = DevelopOptions(PrepareOptions(exposureEv, denoise = denoise), tone)
}
