package org.lwisp.core.preprocess

import org.lwisp.core.RawException
import org.lwisp.core.contract.ColorShift
import org.lwisp.core.contract.InputContract
import org.lwisp.core.raw.Area
import org.lwisp.core.raw.NoiseProfile
import org.lwisp.core.raw.PackedSize
import org.lwisp.core.raw.RawFrame
import org.lwisp.core.raw.toReference
import kotlin.math.pow

/** Packed pixels worked on at a time, so that what is between two steps takes little beside the planes. */
private const val STRIP_PX = 1 shl 15

private const val MAX_EXPOSURE_EV = 8.0
private const val MAX_DENOISE = 2.0
private val NO_NOISE = NoiseProfile(DoubleArray(3), DoubleArray(3))

/** What a user chooses for the pre-processing of one frame. */
class PrepareOptions(
    /** Stops added to those the file asks for; null: from the frame's own light instead. */
    val exposureEv: Double? = 0.0,
    /** Undo the lens's shading, where the file says how. */
    val lensShading: Boolean = true,
    /** Factor on the noise that the network is told: 0 keeps all grain, 2 smooths strongly. */
    val denoise: Double = 1.0,
) {
    init {
        if (!(exposureEv == null || exposureEv in -MAX_EXPOSURE_EV..MAX_EXPOSURE_EV)) {
            throw RawException("An exposure of $exposureEv EV is out of ±$MAX_EXPOSURE_EV EV; give less.")
        }
        if (denoise !in 0.0..MAX_DENOISE) {
            throw RawException("Denoising by $denoise is out of 0 to $MAX_DENOISE; 1 is the frame's own noise.")
        }
    }
}

/**
 * A mosaic to be turned into the planes that a model takes, step by step as its contract says: bad pixels, black, white
 * balance, lens shading, clip above 1, colour, exposure, curve; then the noise plane. Nothing is computed until a part is
 * asked for: a large frame is never in memory as floats. Not for several threads.
 *
 * The same arithmetic in the same order as the Python runtime's `prepare`, in 32-bit floats, so that the planes are equal
 * bit for bit, and any part equals the whole's: steps with reach are given what lies around it.
 */
class Preparation(
    frame: RawFrame,
    contract: InputContract,
    options: PrepareOptions = PrepareOptions(),
) {
    init {
        if (options.denoise != 1.0 && !contract.hasNoisePlane) {
            throw RawException("This model isn't told the noise (its input has no noise plane): leave denoising at 1.")
        }
    }

    /** Stops applied. */
    val exposureEv: Double =
        options.exposureEv?.let { it + frame.corrections.baselineExposureEv } ?: autoExposureEv(frame, contract)
    private val exposureGain = if (contract.exposureKnee == null) 2.0.pow(exposureEv) else 1.0
    private val columns = alignedIndices(frame.cfa.offsetColumns, frame.mosaic.widthPx, 2 * contract.sizeMultiple)
    private val rows = alignedIndices(frame.cfa.offsetRows, frame.mosaic.heightPx, 2 * contract.sizeMultiple)
    private val mosaic =
        RepairedMosaic(
            frame.mosaic,
            if (contract.badPixels) frame.corrections.badPixels else emptyList(),
            frame.placement,
        )
    private val row = ShortArray(frame.mosaic.widthPx)
    private val levels = Levels(frame, contract, exposureGain)
    private val shading = shading(frame, contract, options)
    private val color =
        contract.referenceToSrgb?.let {
            ColorMove(toReference(frame.cameraToSrgb, it), contract.colorShift == ColorShift.SMOOTHED)
        }
    private val exposure = contract.exposureKnee?.takeIf { exposureEv != 0.0 }?.let { Shoulder.of(exposureEv, it) }
    private val curve = Curve(contract.curveOffset)
    private val noise = if (contract.hasNoisePlane) noisePlane(frame, contract, options) else null

    /** Values per packed pixel. */
    val count: Int = contract.planes

    /** Of the whole frame, sides multiples of the contract's. */
    val size = PackedSize(columns.size / 2, rows.size / 2)

    /** The mosaic's own pixels in the full-size picture of the packed frame. */
    val mosaicArea =
        Area(frame.cfa.offsetColumns, frame.cfa.offsetRows, frame.mosaic.widthPx, frame.mosaic.heightPx)

    /** The picture's. */
    val visible =
        frame.picture.run { copy(leftPx = leftPx + mosaicArea.leftPx, topPx = topPx + mosaicArea.topPx) }

    /** Planes of a part, in packed pixels: row by row, [count] values per pixel in [0, 1]: R, Gr, Gb, B, noise. */
    fun planes(part: Area): FloatArray {
        val planes = FloatArray(count * part.px)
        val strip = maxOf(1, STRIP_PX / part.widthPx)
        for (top in 0 until part.heightPx step strip) {
            val height = minOf(strip, part.heightPx - top)
            fill(Area(part.leftPx, part.topPx + top, part.widthPx, height), planes, count * top * part.widthPx)
        }
        return planes
    }

    private fun fill(
        inner: Area,
        planes: FloatArray,
        start: Int,
    ) {
        val outer = inner.widened(color?.reachPx ?: 0, size)
        val gain = shading?.over(outer)
        val light = light(outer, gain)
        val noise = noise?.over(cut(light, outer, inner), gain?.let { cut(it, outer, inner) })
        val moved = color?.apply(light, outer, inner) ?: light
        for (quad in 0 until inner.px) {
            for (plane in 0..3) {
                val value = moved[4 * quad + plane]
                planes[start + count * quad + plane] = curve.of(if (exposure == null) value else exposure.of(value))
            }
            noise?.let { planes[start + count * quad + 4] = it[quad] }
        }
    }

    /** Light of a part, four values per pixel, clipped at 1. gain: the lens shading's. */
    private fun light(
        part: Area,
        gain: FloatArray?,
    ): FloatArray {
        val light = FloatArray(4 * part.px)
        for (y in 0 until 2 * part.heightPx) {
            mosaic.readRow(rows[2 * part.topPx + y], row)
            val plane = y % 2 * 2
            val start = y / 2 * 4 * part.widthPx + plane
            for (x in 0 until 2 * part.widthPx) {
                val sample = row[columns[2 * part.leftPx + x]].toInt() and 0xffff
                val at = start + x / 2 * 4 + x % 2
                val value = levels.light(sample, plane + x % 2)
                light[at] = minOf(if (gain == null) value else value * gain[at], 1f)
            }
        }
        return light
    }

    private fun shading(
        frame: RawFrame,
        contract: InputContract,
        options: PrepareOptions,
    ): LensShading? {
        val isAsked = frame.corrections.run { gainMaps.isNotEmpty() || vignettes.isNotEmpty() }
        val isApplied = contract.lensShading && options.lensShading && isAsked
        return if (isApplied) LensShading(frame, rows, columns) else null
    }

    private fun noisePlane(
        frame: RawFrame,
        contract: InputContract,
        options: PrepareOptions,
    ): NoisePlane {
        val profile = frame.corrections.noise ?: estimateNoise(frame) ?: NO_NOISE
        val noise = noiseOfQuads(profile, balanceGains(frame, contract), exposureGain)
        return NoisePlane(noise, exposure, curve, (options.denoise / contract.noiseFullScale).toFloat())
    }
}

/**
 * For each row (or column) of the mosaic extended to start with RGGB and to a multiple: the index it is taken from.
 *
 * Reflection about a border pixel keeps the filter colours in phase, so that no sample is lost.
 */
internal fun alignedIndices(
    offset: Int,
    size: Int,
    multiple: Int,
): IntArray {
    val aligned = (size + offset + multiple - 1) / multiple * multiple
    val period = 2 * (size - 1)
    return IntArray(aligned) { index ->
        val place = Math.floorMod(index - offset, period)
        if (place < size) place else period - place
    }
}
