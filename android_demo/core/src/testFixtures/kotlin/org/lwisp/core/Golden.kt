package org.lwisp.core

import org.lwisp.core.contract.ColorShift
import org.lwisp.core.contract.InputContract
import org.lwisp.core.json.parseJson
import org.lwisp.core.raw.Area
import org.lwisp.core.raw.BadPixels
import org.lwisp.core.raw.Cfa
import org.lwisp.core.raw.Corrections
import org.lwisp.core.raw.GainMap
import org.lwisp.core.raw.MapAxis
import org.lwisp.core.raw.Mosaic
import org.lwisp.core.raw.NoiseProfile
import org.lwisp.core.raw.RawFrame
import org.lwisp.core.raw.VignetteRadial
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.util.Base64

/** What the Python runtime makes of small input: tests/golden/golden.json, named by the property lwisp.golden. */
object Golden {
    private val tree = parseJson(File(property("lwisp.golden")).readText()) as Map<*, *>

    fun cases(part: String): List<Case> = (tree[part] as List<*>).map { Case(it as Map<*, *>) }

    fun case(part: String): Case = Case(tree[part] as Map<*, *>)
}

/** The same of single steps of the pre-processing: tests/golden/steps.json, named by the property lwisp.steps. */
object GoldenSteps {
    private val tree = parseJson(File(property("lwisp.steps")).readText()) as Map<*, *>

    fun cases(part: String): List<Case> = (tree[part] as List<*>).map { Case(it as Map<*, *>) }

    fun case(part: String): Case = Case(tree[part] as Map<*, *>)
}

/** One golden case, asked for by type. */
class Case(
    private val members: Map<*, *>,
) {
    fun text(key: String) = members[key] as String

    operator fun contains(key: String) = members[key] != null

    fun number(key: String) = members[key] as Double

    fun numberOrNull(key: String) = members[key] as Double?

    /** An exposure; null for "auto". */
    fun evOrNull(key: String = "exposure_ev") = members[key] as? Double

    fun flag(key: String) = members[key] as Boolean

    fun child(key: String) = Case(members[key] as Map<*, *>)

    fun children(key: String) = (members[key] as List<*>).map { Case(it as Map<*, *>) }

    fun numbers(key: String) = (members[key] as List<*>).map { it as Double }

    fun texts(key: String) = (members[key] as List<*>).map { it as String }

    fun pairs(key: String) = (members[key] as List<*>).map { row -> (row as List<*>).map { it as Double } }

    fun integers(key: String) = numbers(key).map { it.toInt() }

    fun rows(key: String) = (members[key] as List<*>).map { row -> (row as List<*>).map { (it as Double).toInt() } }

    fun matrix(key: String) =
        (members[key] as List<*>?)?.flatMap { it as List<*> }?.map { it as Double }?.toDoubleArray()

    fun bytes(key: String): ByteArray = Base64.getDecoder().decode(text(key))

    fun floats(key: String): FloatArray {
        val view = ByteBuffer.wrap(bytes(key)).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer()
        return FloatArray(view.remaining()).also { view.get(it) }
    }

    override fun toString() = (NAMES.firstNotNullOfOrNull { members[it] }).toString()

    private companion object {
        /** What tells the cases of a part from each other. */
        val NAMES = listOf("name", "orientation", "scale", "side_px", "sample_size_px", "ev", "color_shift", "options")
    }
}

fun Case.contract() =
    InputContract(
        sizeMultiple = number("size_multiple").toInt(),
        subtractBlack = flag("subtract_black"),
        whiteBalance = flag("white_balance"),
        referenceToSrgb = matrix("reference_to_srgb"),
        curveOffset = number("curve_offset"),
        colorShift = ColorShift.valueOf(text("color_shift").uppercase()),
        badPixels = flag("bad_pixels"),
        lensShading = flag("lens_shading"),
        exposureKnee = numberOrNull("exposure_knee"),
        hasNoisePlane = "noise" in texts("planes"),
        noiseFullScale = number("noise_full_scale"),
    )

/** The frame; its rows padded with `paddingPx` samples of garbage. */
fun Case.frame(paddingPx: Int = 0): RawFrame {
    val (width, height) = integers("size_px")
    return RawFrame(
        mosaic = padded(bytes("mosaic"), width, height, paddingPx),
        cfa = Cfa.valueOf(text("cfa")),
        blackLevel = numbers("black_level").toDoubleArray(),
        whiteLevel = number("white_level"),
        wbGains = numbers("wb_gains").toDoubleArray(),
        cameraToSrgb = matrix("camera_to_srgb"),
        orientation = numberOrNull("orientation")?.toInt() ?: 1,
        corrections = if ("gain_maps" in this) corrections() else Corrections(),
    )
}

private fun Case.corrections() =
    Corrections(
        gainMaps = children("gain_maps").map { it.gainMap() },
        vignettes =
            children("vignette").map {
                VignetteRadial(
                    it.numbers("coefficients").toDoubleArray(),
                    it.number("center_x"),
                    it.number("center_y"),
                )
            },
        badPixels = children("bad_pixels").map { it.badPixels() },
        baselineExposureEv = number("baseline_exposure_ev"),
        noise = if ("noise_profile" in this) child("noise_profile").noiseProfile() else null,
    )

fun Case.noiseProfile() = NoiseProfile(numbers("scale").toDoubleArray(), numbers("offset").toDoubleArray())

private fun Case.gainMap(): GainMap {
    val (rows, columns) = integers("shape")
    val axis = { count: Int, side: String, first: String, last: String ->
        val (start, stop, pitch) = listOf(first, last, "${side}_pitch").map { number(it).toInt() }
        MapAxis(count, number("${side}_origin"), number("${side}_spacing"), start, stop, pitch)
    }
    return GainMap(axis(rows, "row", "top", "bottom"), axis(columns, "col", "left", "right"), floats("gains"))
}

private fun Case.badPixels() =
    BadPixels(
        numberOrNull("constant")?.toLong(),
        rows("points").flatten().toIntArray(),
        rows("rectangles").map { (top, left, bottom, right) -> Area(left, top, right - left, bottom - top) },
    )

private fun padded(
    samples: ByteArray,
    width: Int,
    height: Int,
    paddingPx: Int,
): Mosaic {
    val stride = 2 * (width + paddingPx)
    val content = ByteArray(stride * height) { 0x5a }
    for (row in 0 until height) samples.copyInto(content, row * stride, row * 2 * width, (row + 1) * 2 * width)
    return Mosaic(width, height, ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN), stride)
}

/** A system property that the build passes to the tests. */
fun property(name: String): String =
    System.getProperty(name) ?: error("The property $name isn't set; see core/build.gradle.kts.")
