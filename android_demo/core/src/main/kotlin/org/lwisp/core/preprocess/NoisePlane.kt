package org.lwisp.core.preprocess

import org.lwisp.core.raw.NoiseProfile
import kotlin.math.sqrt

/** Noise of white-balanced quads: a site's variance at light x under a shading gain g is (shot x + read g) g. */
internal class QuadNoise(
    val shot: Float,
    val read: Float,
)

/**
 * The mean variance over a quad's sites after white balance, in terms of the quad's mean light.
 *
 * gains: white balance of R, Gr, Gb, B. exposureGain: what is in their light besides. Computed in 64 bits, rounded once.
 */
internal fun noiseOfQuads(
    profile: NoiseProfile,
    gains: DoubleArray,
    exposureGain: Double = 1.0,
): QuadNoise {
    val shot = (0..3).sumOf { gains[it] * profile.scale[PLANE_COLOR[it]] } / 4
    val read = (0..3).sumOf { gains[it] * gains[it] * profile.offset[PLANE_COLOR[it]] } / 4
    return QuadNoise((shot * exposureGain).toFloat(), (read * exposureGain * exposureGain).toFloat())
}

/** How one frame's noise is told to a network. scale: times this, the deviation under the curve is the plane's value. */
internal class NoisePlane(
    private val noise: QuadNoise,
    private val exposure: Shoulder?,
    private val curve: Curve,
    scale: Float,
) {
    private val halfScale = scale * 0.5f

    /**
     * The plane over a window, one value in [0, 1] per pixel: half the way from light - sigma to light + sigma under
     * exposure and curve. light: before colour and exposure, four values per pixel. gain: the shading's; null: 1.
     */
    fun over(
        light: FloatArray,
        gain: FloatArray?,
    ) = FloatArray(light.size / 4) {
        val mean = quadMean(light, it)
        val shot = minOf(maxOf(mean, 0f), 1f) * noise.shot
        val sigma = sqrt(if (gain == null) shot + noise.read else shaded(shot, quadMean(gain, it)))
        minOf(maxOf((encoded(mean + sigma) - encoded(mean - sigma)) * halfScale, 0f), 1f)
    }

    private fun shaded(
        shot: Float,
        gain: Float,
    ): Float = (shot + noise.read * gain) * gain

    private fun encoded(light: Float): Float = curve.of(if (exposure == null) light else exposure.of(light))
}

private fun quadMean(
    values: FloatArray,
    quad: Int,
): Float = ((values[4 * quad] + values[4 * quad + 1]) + (values[4 * quad + 2] + values[4 * quad + 3])) * 0.25f
