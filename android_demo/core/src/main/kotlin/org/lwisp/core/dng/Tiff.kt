package org.lwisp.core.dng

import org.lwisp.core.RawException
import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.math.abs

/** Directories of a DNG have some hundred tags at most. */
private const val MAX_ENTRIES = 4096

/** Values of one tag; a black level for each column of a sensor is the most. */
private const val MAX_NUMBERS = 1 shl 16

/** Bytes of one tag; phones' opcode lists have some ten thousand. */
private const val MAX_DATA_BYTES = 1 shl 24

private const val MAX_TEXT_BYTES = 256

private const val ASCII = 2

/** Bytes per value of TIFF's types 1 to 13. */
private val TYPE_BYTES = intArrayOf(0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4)

/** One directory of a TIFF file: the values of its tags, read when asked for. */
class Directory internal constructor(
    private val file: ByteBuffer,
    private val entries: Map<Int, Entry>,
) {
    operator fun contains(tag: Int): Boolean = tag in entries

    /**
     * A tag's values as numbers, rationals divided; empty if the tag isn't there. Raises [RawException] if it holds text
     * or too many, or has a number that isn't finite.
     */
    fun numbers(tag: Int): List<Double> {
        val entry = entries[tag] ?: return emptyList()
        if (entry.type == ASCII || entry.count > MAX_NUMBERS) {
            throw broken(tag, "${entry.count} values of type ${entry.type}; at most $MAX_NUMBERS numbers are read")
        }
        val values = List(entry.count) { number(entry, it) }
        if (!values.all { abs(it) < Double.POSITIVE_INFINITY }) throw broken(tag, "a number that isn't finite")
        return values
    }

    /** A tag's bytes as they are; null if the tag isn't there. */
    fun data(tag: Int): ByteBuffer? {
        val entry = entries[tag] ?: return null
        val bytes = entry.count.toLong() * TYPE_BYTES[entry.type]
        if (bytes > MAX_DATA_BYTES) throw broken(tag, "$bytes bytes; at most $MAX_DATA_BYTES are read")
        val view = file.duplicate()
        view.position(entry.place).limit(entry.place + bytes.toInt())
        return view.slice()
    }

    /** A tag's text up to its first NUL; empty if there is none. */
    fun text(tag: Int): String {
        val entry = entries[tag]?.takeIf { it.type == ASCII } ?: return ""
        val letters = (0 until minOf(entry.count, MAX_TEXT_BYTES)).map { file.get(entry.place + it) }
        return String(letters.takeWhile { it != 0.toByte() }.toByteArray(), Charsets.UTF_8).trim()
    }

    /** A tag's first value as a whole number. */
    fun integerOrNull(tag: Int): Int? = numbers(tag).firstOrNull()?.toInt()

    private fun number(
        entry: Entry,
        index: Int,
    ): Double {
        val at = entry.place + index * TYPE_BYTES[entry.type]
        return when (entry.type) {
            1, 2, 7 -> (file.get(at).toInt() and 0xff).toDouble()
            6 -> file.get(at).toDouble()
            3 -> (file.getShort(at).toInt() and 0xffff).toDouble()
            8 -> file.getShort(at).toDouble()
            4, 13 -> unsigned(at)
            9 -> file.getInt(at).toDouble()
            5 -> quotient(unsigned(at), unsigned(at + 4))
            10 -> quotient(file.getInt(at).toDouble(), file.getInt(at + 4).toDouble())
            11 -> file.getFloat(at).toDouble()
            else -> file.getDouble(at)
        }
    }

    private fun unsigned(at: Int): Double = (file.getInt(at).toLong() and 0xffffffffL).toDouble()
}

/** 0/0 is how cameras write that they don't know. */
private fun quotient(
    above: Double,
    below: Double,
): Double = if (above == 0.0 && below == 0.0) 0.0 else above / below

private fun broken(
    tag: Int,
    found: String,
) = RawException("Tag $tag of the DNG has $found. The file is truncated or damaged; copy it again.")

/** Where a tag's values lie and what they are. */
internal class Entry(
    val type: Int,
    val count: Int,
    val place: Int,
)

/**
 * Reads a TIFF's first directory and its sub-directories, in the file's byte order (which `file` is set to).
 *
 * Raises [RawException] if this isn't a TIFF or its directory is damaged.
 */
internal fun readDirectories(file: ByteBuffer): List<Directory> {
    if (file.limit() < 8) throw RawException("The file has ${file.limit()} bytes; it isn't a DNG.")
    file.order(byteOrder(file))
    val first = directory(file, file.getInt(4))
    return listOf(first) + first.numbers(SUB_DIRECTORIES).map { directory(file, it.toLong().toInt()) }
}

private const val SUB_DIRECTORIES = 330

private fun byteOrder(file: ByteBuffer): ByteOrder =
    when (file.order(ByteOrder.BIG_ENDIAN).getInt(0)) {
        0x49492a00 -> ByteOrder.LITTLE_ENDIAN
        0x4d4d002a -> ByteOrder.BIG_ENDIAN
        else -> throw RawException("The file isn't a DNG; open a RAW file in DNG format.")
    }

private fun directory(
    file: ByteBuffer,
    offset: Int,
): Directory {
    if (offset < 8 || offset > file.limit() - 2) throw damaged()
    val count = file.getShort(offset).toInt() and 0xffff
    if (count > MAX_ENTRIES || offset + 2 + 12 * count > file.limit()) throw damaged()
    val places = List(count) { offset + 2 + 12 * it }
    return Directory(file, places.mapNotNull { entry(file, it) }.toMap())
}

private fun entry(
    file: ByteBuffer,
    at: Int,
): Pair<Int, Entry>? {
    val type = file.getShort(at + 2).toInt() and 0xffff
    val count = file.getInt(at + 4)
    if (type !in 1..13) return null
    val bytes = count.toLong() * TYPE_BYTES[type]
    val place = if (bytes <= 4) at + 8 else file.getInt(at + 8)
    if (count < 0 || place < 0 || place + bytes > file.limit()) throw damaged()
    return Pair(file.getShort(at).toInt() and 0xffff, Entry(type, count, place))
}

private fun damaged() = RawException("The DNG's directory is damaged or cut short. Copy the file again.")
