package org.lwisp.core.raw

import org.lwisp.core.RawException
import kotlin.math.abs

/** Shading gains above this belong to no lens; 4 is much. */
internal const val MAX_GAIN = 64.0
private const val MAX_BASELINE_EV = 10.0
private const val MAX_SIDE_PX = 1 shl 20
private const val VIGNETTE_SAMPLES = 1024

/**
 * What a file asks to be corrected before a picture is made of its mosaic. Coordinates are pixels of the frame that the
 * file holds ([Placement]), unless they are relative: then 0 is the frame's first edge and 1 its last.
 */
class Corrections(
    /** Lens shading to undo, one map after another. */
    val gainMaps: List<GainMap> = emptyList(),
    val vignettes: List<VignetteRadial> = emptyList(),
    val badPixels: List<BadPixels> = emptyList(),
    /** Distortion to undo on the developed picture, one after another. */
    val warps: List<WarpRectilinear> = emptyList(),
    /** Exposure that the file asks for, in stops. */
    val baselineExposureEv: Double = 0.0,
    /** Noise as the camera measured it; null if the file doesn't say. */
    val noise: NoiseProfile? = null,
) {
    /** The same for a part of a frame. */
    fun withoutWarps() =
        if (warps.isEmpty()) {
            this
        } else {
            Corrections(
                gainMaps,
                vignettes,
                badPixels,
                emptyList(),
                baselineExposureEv,
                noise,
            )
        }

    init {
        if (!(abs(baselineExposureEv) <= MAX_BASELINE_EV)) {
            throw refused("a BaselineExposure of $baselineExposureEv EV; at most $MAX_BASELINE_EV either way is needed")
        }
    }
}

/** Where a mosaic lies in the frame that its corrections count in, and that frame's sides. */
class Placement(
    val leftPx: Int,
    val topPx: Int,
    val frameWidthPx: Int,
    val frameHeightPx: Int,
)

/** Along one side of a frame: where a gain map has points, and for which rows (or columns) they are. */
class MapAxis(
    val count: Int,
    /** Relative place of the first. */
    val origin: Double,
    /** Relative distance from one to the next. */
    val spacing: Double,
    /** First row of the map's area. */
    val start: Int,
    /** First row that is no longer of it. */
    val stop: Int,
    /** Rows start, start + pitch, ... have the gain; 2 for one row of a 2x2 cell. */
    val pitch: Int,
) {
    init {
        if (start < 0 || stop < start || stop > MAX_SIDE_PX || pitch < 1) {
            throw refused("a GainMap for the rows or columns $start to $stop at a pitch of $pitch")
        }
        val finite = abs(origin) < Double.POSITIVE_INFINITY && abs(spacing) < Double.POSITIVE_INFINITY
        if (count < 1 || !finite || (count > 1 && !(spacing > 0))) {
            throw refused("a GainMap of $count points from $origin on at a spacing of $spacing")
        }
    }
}

/** Gains that undo a lens's shading (DNG opcode 9), on black-subtracted linear light, before white is clipped. */
class GainMap(
    val down: MapAxis,
    val across: MapAxis,
    /** Row by row, over 0. */
    val gains: FloatArray,
) {
    init {
        if (gains.size.toLong() != down.count.toLong() * across.count) {
            throw refused("a GainMap of ${down.count}x${across.count} points with ${gains.size} gains")
        }
        if (!gains.all { it > 0 && it <= MAX_GAIN }) {
            throw refused("a GainMap with gains outside of 0 to $MAX_GAIN")
        }
    }
}

/**
 * A gain by the distance from the optical centre (DNG opcode 3): 1 + k0 r^2 + k1 r^4 + k2 r^6 + k3 r^8 + k4 r^10, r in
 * that of the frame's farthest corner.
 */
class VignetteRadial(
    /** k0 to k4. */
    val coefficients: DoubleArray,
    /** Relative column of the centre. */
    val centerX: Double,
    /** Relative row of the centre. */
    val centerY: Double,
) {
    init {
        if (!(centerX in 0.0..1.0 && centerY in 0.0..1.0)) {
            throw refused("a FixVignetteRadial around ($centerX, $centerY); 0 to 1 is needed")
        }
        val gains = (0..VIGNETTE_SAMPLES).map { gainAt(it.toDouble() / VIGNETTE_SAMPLES) }
        if (coefficients.size != 5 || !gains.all { it > 0 && it <= MAX_GAIN }) {
            throw refused("a FixVignetteRadial with gains outside of 0 to $MAX_GAIN")
        }
    }

    private fun gainAt(square: Double): Double =
        1 + square * coefficients.foldRight(0.0) { each, sum -> each + square * sum }
}

/** Pixels to replace by their neighbours of the same colour (DNG opcodes 4 and 5), on sensor values as read. */
class BadPixels(
    /** Every pixel of this value is bad; null: only those listed. */
    val constant: Long? = null,
    /** Row and column of single pixels, one after the other. */
    val points: IntArray = IntArray(0),
    val rectangles: List<Area> = emptyList(),
)

/**
 * Distortion, lateral colour and decentring to undo on the developed picture (DNG opcode 1).
 *
 * A picture's pixel at (dx, dy) from the centre, over the distance m of the farthest corner, is taken from
 * x = m (dx f + kt0 2 dx dy + kt1 (r^2 + 2 dx^2)), y = m (dy f + kt1 2 dx dy + kt0 (r^2 + 2 dy^2)),
 * f = kr0 + kr1 r^2 + kr2 r^4 + kr3 r^6, r^2 = dx^2 + dy^2.
 */
class WarpRectilinear(
    /** kr0, kr1, kr2, kr3, kt0, kt1: once for all colours, or once each for R, G and B. */
    val coefficients: List<DoubleArray>,
    /** Relative column of the centre. */
    val centerX: Double,
    /** Relative row of the centre. */
    val centerY: Double,
) {
    init {
        if (!(centerX in 0.0..1.0 && centerY in 0.0..1.0)) {
            throw refused("a WarpRectilinear around ($centerX, $centerY); 0 to 1 is needed")
        }
        if (!coefficients.all { row -> row.size == 6 && row.all { abs(it) < Double.POSITIVE_INFINITY } }) {
            throw refused("a WarpRectilinear with a coefficient that isn't finite")
        }
    }

    /** Whether it moves any pixel. */
    val moves: Boolean get() = coefficients.any { row -> row[0] != 1.0 || row.drop(1).any { it != 0.0 } }
}

/** A shot's noise: variance = scale * light + offset, of R, G and B; light is 0 at black and 1 at white. */
class NoiseProfile(
    /** Shot noise. */
    val scale: DoubleArray,
    /** Read noise. */
    val offset: DoubleArray,
) {
    init {
        if (scale.size != 3 || offset.size != 3 || !(scale + offset).all { it >= 0 && it < Double.POSITIVE_INFINITY }) {
            throw refused("a NoiseProfile of ${scale.joinToString()} and ${offset.joinToString()}; 0 or more is needed")
        }
    }
}

private fun refused(found: String) = RawException("The file has $found. It may be damaged; convert it to DNG again.")
