package org.lwisp.core.dng

import org.lwisp.core.capture.Fraction
import java.nio.ByteBuffer
import java.nio.ByteOrder

internal const val TIFF_HEADER_BYTES = 8
private const val ENTRY_BYTES = 12

/** Larger values than this lie outside of a directory's entry. */
private const val INLINE_BYTES = 4
private const val FRACTION_STEPS = 1_000_000

/** One field of a directory to write (TIFF 6.0), little endian. */
internal class TiffField(
    val tag: Int,
    val type: Int,
    val count: Int,
    val bytes: ByteArray,
)

internal fun byteField(
    tag: Int,
    vararg values: Int,
) = TiffField(tag, 1, values.size, ByteArray(values.size) { values[it].toByte() })

/** TIFF has ASCII only: other letters become question marks. */
internal fun textField(
    tag: Int,
    text: String,
): TiffField = (text.toByteArray(Charsets.US_ASCII) + 0).let { TiffField(tag, 2, it.size, it) }

internal fun shortField(
    tag: Int,
    vararg values: Int,
) = TiffField(tag, 3, values.size, packed(2 * values.size) { values.forEach { putShort(it.toShort()) } })

internal fun longField(
    tag: Int,
    vararg values: Int,
) = TiffField(tag, 4, values.size, packed(4 * values.size) { values.forEach { putInt(it) } })

internal fun fractionField(
    tag: Int,
    values: List<Fraction>,
    signed: Boolean = false,
): TiffField {
    val bytes = packed(8 * values.size) { values.forEach { putInt(it.numerator).putInt(it.denominator) } }
    return TiffField(tag, if (signed) 10 else 5, values.size, bytes)
}

internal fun dataField(
    tag: Int,
    bytes: ByteArray,
) = TiffField(tag, 7, bytes.size, bytes)

internal fun doubleField(
    tag: Int,
    values: DoubleArray,
) = TiffField(tag, 12, values.size, packed(8 * values.size) { values.forEach { putDouble(it) } })

/** A number in steps of a millionth. */
internal fun fractionOf(value: Double) = Fraction(Math.rint(value * FRACTION_STEPS).toInt(), FRACTION_STEPS)

/** A 32-bit float of 0 or more as the same number: its 24 bits over a power of two. */
internal fun exactFraction(value: Float): Fraction {
    var (numerator, denominator) = Pair(value.toDouble(), 1)
    while (numerator % 1 != 0.0 && denominator < 1 shl 30 && numerator < 1 shl 29) {
        numerator *= 2
        denominator *= 2
    }
    return Fraction(Math.rint(numerator).toInt(), denominator)
}

/** A directory at a file offset: fields in ascending order, then the values that don't fit into a field. */
internal fun directoryBytes(
    fields: List<TiffField>,
    offset: Int,
): ByteArray {
    val head = 2 + ENTRY_BYTES * fields.size + 4
    val outside = fields.filter { it.bytes.size > INLINE_BYTES }
    return packed(head + outside.sumOf { even(it.bytes.size) }) {
        var place = head
        putShort(fields.size.toShort())
        for (field in fields.sortedBy { it.tag }) {
            putShort(field.tag.toShort()).putShort(field.type.toShort()).putInt(field.count)
            if (field.bytes.size <= INLINE_BYTES) {
                put(field.bytes.copyOf(INLINE_BYTES))
            } else {
                putInt(offset + place)
                val here = position()
                position(place)
                put(field.bytes)
                position(here)
                place += even(field.bytes.size)
            }
        }
    }
}

/** Values begin at even offsets. */
private fun even(bytes: Int) = (bytes + 1) / 2 * 2

private fun packed(
    bytes: Int,
    write: ByteBuffer.() -> Unit,
): ByteArray =
    ByteBuffer
        .allocate(bytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .apply(write)
        .array()
