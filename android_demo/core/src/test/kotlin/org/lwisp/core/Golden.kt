package org.lwisp.core

import org.lwisp.core.contract.InputContract
import org.lwisp.core.json.parseJson
import org.lwisp.core.raw.Cfa
import org.lwisp.core.raw.Mosaic
import org.lwisp.core.raw.RawFrame
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

/** One golden case, asked for by type. */
class Case(
    private val members: Map<*, *>,
) {
    fun text(key: String) = members[key] as String

    fun number(key: String) = members[key] as Double

    fun flag(key: String) = members[key] as Boolean

    fun child(key: String) = Case(members[key] as Map<*, *>)

    fun numbers(key: String) = (members[key] as List<*>).map { it as Double }

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
        val NAMES = listOf("name", "orientation", "scale", "side_px", "sample_size_px")
    }
}

fun Case.contract() =
    InputContract(
        sizeMultiple = number("size_multiple").toInt(),
        subtractBlack = flag("subtract_black"),
        whiteBalance = flag("white_balance"),
        referenceToSrgb = matrix("reference_to_srgb"),
        curveOffset = number("curve_offset"),
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
        orientation = number("orientation").toInt(),
    )
}

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
