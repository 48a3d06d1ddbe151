package org.lwisp.core.dng

import org.lwisp.core.RawException
import org.lwisp.core.raw.Area
import org.lwisp.core.raw.BadPixels
import org.lwisp.core.raw.Cfa
import org.lwisp.core.raw.GainMap
import org.lwisp.core.raw.MAX_GAIN
import org.lwisp.core.raw.VignetteRadial
import org.lwisp.core.raw.WarpRectilinear
import java.nio.ByteBuffer
import java.nio.ByteOrder

/** Tags of lists 1 to 3: on sensor values as read, on linear light, on linear RGB. */
private val LISTS = mapOf(1 to 51008, 2 to 51009, 3 to 51022)
private const val MAX_OPCODES = 256
private const val HEAD_BYTES = 16
private const val OPTIONAL = 1
private const val COLORS = 3

/** Points of all gain maps together, and bad pixels together. */
private const val MAX_POINTS = 1L shl 20

/** Each row of a mosaic is held against all of them. */
private const val MAX_RECTANGLES = 4096

private const val WARP_RECTILINEAR = 1
private const val VIGNETTE_RADIAL = 3
private const val BAD_CONSTANT = 4
private const val BAD_LIST = 5
private const val GAIN_MAP = 9
private val NAMES =
    mapOf(WARP_RECTILINEAR to "WarpRectilinear", 2 to "WarpFisheye", VIGNETTE_RADIAL to "FixVignetteRadial") +
        mapOf(BAD_CONSTANT to "FixBadPixelsConstant", BAD_LIST to "FixBadPixelsList", 6 to "TrimBounds") +
        mapOf(7 to "MapTable", 8 to "MapPolynomial", GAIN_MAP to "GainMap", 10 to "DeltaPerRow") +
        mapOf(11 to "DeltaPerColumn", 12 to "ScalePerRow", 13 to "ScalePerColumn", 14 to "WarpRectilinear2")

/** Where a DNG's mosaic lies on the sensor, and its filters. */
internal class SensorArea(
    val widthPx: Int,
    val heightPx: Int,
    val active: Area,
    val cfa: Cfa,
    /** Whether the file has R, G and B at every pixel, of which the mosaic is a sample. */
    val isLinear: Boolean = false,
)

/** What a DNG's opcode lists (DNG specification 1.7.1, chapter 7) ask for, in their order. */
internal class Opcodes(
    val gainMaps: List<GainMap>,
    val vignettes: List<VignetteRadial>,
    val badPixels: List<BadPixels>,
    val warps: List<WarpRectilinear>,
    /** Names of optional ones that are left out. */
    val leftOut: List<String>,
)

/**
 * Reads the lists 1 to 3. Raises [RawException] on a broken list, on gains out of bounds, and on an opcode that can't be
 * honoured and isn't marked optional.
 */
internal fun readOpcodes(
    raw: Directory,
    sensor: SensorArea,
): Opcodes {
    val found = ArrayList<Any>()
    val leftOut = ArrayList<String>()
    for ((stage, tag) in LISTS) {
        for (opcode in split(raw.data(tag) ?: continue, stage)) {
            val corrections = corrections(opcode, sensor)
            if (corrections == null && !opcode.isOptional) throw unsupported(opcode)
            if (corrections == null) leftOut.add(opcode.name) else found.addAll(corrections)
        }
    }
    val opcodes =
        Opcodes(
            found.filterIsInstance<GainMap>(),
            found.filterIsInstance<VignetteRadial>(),
            found.filterIsInstance<BadPixels>(),
            found.filterIsInstance<WarpRectilinear>(),
            leftOut,
        )
    checkTotal(opcodes)
    return opcodes
}

private class Opcode(
    val number: Int,
    val stage: Int,
    val isOptional: Boolean,
    val parameters: ByteBuffer,
) {
    val name: String get() = NAMES[number] ?: "Opcode $number"
}

/** Opcode lists are big endian whatever the file is. */
private fun split(
    content: ByteBuffer,
    stage: Int,
): List<Opcode> {
    val list = content.order(ByteOrder.BIG_ENDIAN)
    val count = if (list.limit() >= 4) list.getInt() else -1
    if (count !in 0..MAX_OPCODES) throw broken("OpcodeList$stage", "$count opcodes; 0 to $MAX_OPCODES are read")
    return List(count) {
        if (list.remaining() < HEAD_BYTES) throw broken("OpcodeList$stage", "$count opcodes, but ends before")
        val number = list.getInt()
        list.getInt()
        val flags = list.getInt()
        val size = list.getInt()
        if (size !in 0..list.remaining()) throw broken("OpcodeList$stage", "an opcode of $size bytes, but ends before")
        val parameters = list.slice().order(ByteOrder.BIG_ENDIAN)
        parameters.limit(size)
        list.position(list.position() + size)
        Opcode(number, stage, flags and OPTIONAL != 0, parameters)
    }
}

/** Null if this one can't be honoured. */
private fun corrections(
    opcode: Opcode,
    sensor: SensorArea,
): List<Any>? =
    when (Pair(opcode.number, opcode.stage)) {
        Pair(VIGNETTE_RADIAL, 2), Pair(VIGNETTE_RADIAL, 3) -> listOf(vignette(opcode))

        // The specification restricts both to one value per pixel.
        Pair(BAD_CONSTANT, 1) -> if (sensor.isLinear) null else listOf(badConstant(opcode))

        Pair(BAD_LIST, 1) -> if (sensor.isLinear) null else listOf(badList(opcode, sensor))

        Pair(GAIN_MAP, 2) -> gainMaps(opcode, sensor, inColors = sensor.isLinear)

        Pair(GAIN_MAP, 3) -> gainMaps(opcode, sensor, inColors = true)

        Pair(WARP_RECTILINEAR, 3) -> listOf(warp(opcode))

        else -> null
    }

private fun gainMaps(
    opcode: Opcode,
    sensor: SensorArea,
    inColors: Boolean,
): List<GainMap>? {
    val reader = GainMapReader(opcode.parameters, sensor.active, planes = if (inColors) COLORS else 1)
    return if (inColors) reader.ofColors(sensor.cfa) else listOf(reader.ofPlane(0))
}

private fun warp(opcode: Opcode): WarpRectilinear {
    val planes = if (opcode.parameters.limit() < 4) 0 else opcode.parameters.unsigned()
    if (planes != 1L && planes != COLORS.toLong()) throw broken(opcode.name, "$planes planes; 1 or $COLORS are read")
    opcode.checkSize(4 + 8 * (6 * planes.toInt() + 2))
    val rows = List(planes.toInt()) { DoubleArray(6) { opcode.parameters.getDouble() } }
    return WarpRectilinear(rows, opcode.parameters.getDouble(), opcode.parameters.getDouble())
}

private fun vignette(opcode: Opcode): VignetteRadial {
    opcode.checkSize(7 * 8)
    val (coefficients, center) = List(7) { opcode.parameters.getDouble() }.run { Pair(take(5), drop(5)) }
    return VignetteRadial(coefficients.toDoubleArray(), center[0], center[1])
}

private fun badConstant(opcode: Opcode): BadPixels {
    opcode.checkSize(2 * 4)
    return BadPixels(constant = opcode.parameters.unsigned())
}

private fun badList(
    opcode: Opcode,
    sensor: SensorArea,
): BadPixels {
    if (opcode.parameters.limit() < 12) throw broken(opcode.name, "${opcode.parameters.limit()} bytes")
    opcode.parameters.getInt() // the phase of the filters, which the file says elsewhere
    val points = opcode.parameters.unsigned()
    val rectangles = opcode.parameters.unsigned()
    if (points > MAX_POINTS || rectangles > MAX_RECTANGLES) {
        throw broken(opcode.name, "$points pixels and $rectangles rectangles; too many are listed")
    }
    opcode.checkSize((12 + 8 * points + 16 * rectangles).toInt())
    val singles = List(points.toInt()) { point(opcode, sensor) }.filterNotNull().flatten()
    val areas = List(rectangles.toInt()) { rectangle(opcode, sensor) }.filterNotNull()
    return BadPixels(points = singles.toIntArray(), rectangles = areas)
}

/** Row and column in the mosaic; null on the masked border. */
private fun point(
    opcode: Opcode,
    sensor: SensorArea,
): List<Int>? {
    val row = opcode.parameters.unsigned()
    val column = opcode.parameters.unsigned()
    if (row >= sensor.heightPx || column >= sensor.widthPx) throw broken(opcode.name, "pixels beyond the sensor")
    val moved = listOf((row - sensor.active.topPx).toInt(), (column - sensor.active.leftPx).toInt())
    val isInside = moved[0] in 0 until sensor.active.heightPx && moved[1] in 0 until sensor.active.widthPx
    return moved.takeIf { isInside }
}

/** In the mosaic; null on the masked border. */
private fun rectangle(
    opcode: Opcode,
    sensor: SensorArea,
): Area? {
    val (top, left, bottom, right) = List(4) { opcode.parameters.unsigned() }
    if (top >= bottom || left >= right || bottom > sensor.heightPx || right > sensor.widthPx) {
        throw broken(opcode.name, "a rectangle that is empty or beyond the sensor")
    }
    val area = Area(left.toInt(), top.toInt(), (right - left).toInt(), (bottom - top).toInt())
    val inside = area.intersected(sensor.active)
    return inside
        .copy(leftPx = inside.leftPx - sensor.active.leftPx, topPx = inside.topPx - sensor.active.topPx)
        .takeIf { it.widthPx > 0 && it.heightPx > 0 }
}

private fun Opcode.checkSize(bytes: Int) {
    if (parameters.limit() != bytes) throw broken(name, "${parameters.limit()} bytes; $bytes fit")
}

internal fun ByteBuffer.unsigned(): Long = getInt().toLong() and 0xffffffffL

internal fun broken(
    where: String,
    found: String,
) = RawException("The DNG's $where has $found. The file may be damaged; convert it to DNG again.")

private fun unsupported(opcode: Opcode) =
    RawException(
        "The DNG asks for ${opcode.name} (OpcodeList${opcode.stage}), which this app can't do and which isn't marked " +
            "optional. Develop the file with the lwisp command, or convert it with Adobe DNG Converter.",
    )

/** Refuses maps that are small each and large together. */
private fun checkTotal(opcodes: Opcodes) {
    val points = opcodes.gainMaps.sumOf { it.gains.size.toLong() }
    val pixels = opcodes.badPixels.sumOf { it.points.size / 2L + it.rectangles.size }
    if (maxOf(points, pixels) > MAX_POINTS) throw broken("opcode lists", "$points gains and $pixels bad pixels")
    for (site in 0..3) {
        val touching = opcodes.gainMaps.filter { it.down.touches(site / 2) && it.across.touches(site % 2) }
        val gain = touching.fold(1.0) { product, map -> product * map.gains.max() }
        if (!(gain <= MAX_GAIN)) throw broken("opcode lists", "overlapping GainMaps with gains up to $gain")
    }
}
