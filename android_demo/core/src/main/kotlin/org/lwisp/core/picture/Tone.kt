package org.lwisp.core.picture

import org.lwisp.core.contract.RenderedTone
import org.lwisp.core.contract.TensorSpec
import org.lwisp.core.engine.dequantized
import kotlin.math.sqrt

/** After so many of Newton's steps, [inverseContrast] gives its argument back within 2e-14. */
private const val NEWTON_STEPS = 4
private const val DARKEST = 1e-6

/**
 * Named curves over a neutral picture, which is sRGB-encoded light. Each works on a value in [0, 1] by itself, in
 * additions, multiplications, divisions and square roots alone: the Python runtime's `tone`, bit for bit.
 */
enum class Tone {
    NEUTRAL {
        override fun of(neutral: Double): Double = neutral
    },

    /** A camera's look: y + p (1.2 p - 0.1), p = y (1 - y). Black and white are kept. */
    STANDARD {
        override fun of(neutral: Double): Double {
            val product = neutral * (1 - neutral)
            return neutral + product * (1.2 * product - 0.1)
        }
    },

    /** The S-curve 3 y^2 - 2 y^3. */
    CONTRAST {
        override fun of(neutral: Double): Double = neutral * neutral * (3 - 2 * neutral)
    }, ;

    abstract fun of(neutral: Double): Double
}

/** The curve from a model's pictures to finished ones. */
class ToneCurve(
    private val rendered: RenderedTone,
    /** Null: as the model renders. */
    private val wanted: Tone?,
) {
    private val isIdentity = wanted == null || wanted.name == rendered.name

    /** A float model's value. */
    fun of(value: Float): Float {
        if (wanted == null || isIdentity) return value
        val clipped = minOf(maxOf(value, 0f), 1f).toDouble()
        return wanted.of(if (rendered == RenderedTone.CONTRAST) inverseContrast(clipped) else clipped).toFloat()
    }

    /** An 8-bit model's values, in their order from -128 on. */
    fun table(spec: TensorSpec): FloatArray {
        val values = dequantized(spec)
        return if (wanted == null) values else toneTable(values, rendered, wanted)
    }

    /** For the user: what the tone costs a picture of an 8-bit model; null if no dark code is lost. */
    fun note(spec: TensorSpec): String? {
        if (wanted == null || isIdentity || spec.scale == null) return null
        val kept = table(spec).map { Math.rint((it * 255f).toDouble()).toInt() }.toSet().count { it < DARK_CODES }
        if (kept == DARK_CODES) return null
        val (name, from) = Pair(wanted.name.lowercase(), rendered.name.lowercase())
        return "Tone $name from a model that renders $from in 8 bits: $kept of the $DARK_CODES darkest codes are " +
            "left, so smooth shadows may show steps. Precision fp16 has none."
    }

    private companion object {
        /** The picture's darkest 8-bit codes, where missing ones show first, as steps. */
        const val DARK_CODES = 32
    }
}

/**
 * The table of an 8-bit model: what each code's value becomes. values: in the codes' order. rendered: the curve that the
 * picture has already.
 *
 * Where a curve is undone, the largest value counts as white: what is burnt becomes 1, though codes end at 255 / 256.
 * Computed in 64 bits and rounded once. Values outside [0, 1] are clipped.
 */
fun toneTable(
    values: FloatArray,
    rendered: RenderedTone,
    wanted: Tone,
): FloatArray {
    if (rendered.name == wanted.name) return values
    val clipped = DoubleArray(values.size) { minOf(maxOf(values[it].toDouble(), 0.0), 1.0) }
    if (rendered == RenderedTone.NEUTRAL) return FloatArray(values.size) { wanted.of(clipped[it]).toFloat() }
    val white = clipped.max()
    return FloatArray(values.size) { wanted.of(inverseContrast(clipped[it] / white)).toFloat() }
}

/**
 * Undoes [Tone.CONTRAST] for a value in [0, 1]: Newton's method on y^2 (3 - 2 y) = x from y = sqrt(x / 3). The curve is
 * its own mirror image about the middle, so only its darker half is solved for.
 */
internal fun inverseContrast(rendered: Double): Double {
    val dark = minOf(rendered, 1 - rendered)
    var root = maxOf(sqrt(dark / 3), DARKEST)
    repeat(NEWTON_STEPS) { root -= (root * root * (3 - 2 * root) - dark) / (6 * root * (1 - root)) }
    return if (rendered > dark) 1 - root else root
}
