package org.lwisp.core.engine

import org.lwisp.core.ContractException
import java.nio.ByteBuffer
import java.nio.ByteOrder

/** One table of a FlatBuffer: fields by their number in the schema. Reading outside the file is refused. */
internal class FlatTable(
    val file: ByteBuffer,
    private val start: Int,
) {
    fun child(field: Int): FlatTable? = place(field)?.let { FlatTable(file, follow(it)) }

    fun children(field: Int): List<FlatTable> = vector(field) { FlatTable(file, follow(it)) }

    fun text(field: Int): String {
        val at = follow(place(field) ?: return "")
        val bytes = ByteArray(length(at))
        for (index in bytes.indices) bytes[index] = file.get(at + 4 + index)
        return String(bytes, Charsets.UTF_8)
    }

    fun integer(field: Int): Int = place(field)?.let(file::getInt) ?: 0

    /** Overwrites an integer that the file holds; an absent one has its default, 0. */
    fun setInteger(
        field: Int,
        value: Int,
    ) {
        place(field)?.let { file.putInt(it, value) }
    }

    /** Shortens a vector of tables to one of them. */
    fun keepOnly(
        field: Int,
        index: Int,
    ) {
        val at = follow(place(field) ?: return)
        val first = at + 4
        // Places are relative, and tables lie behind the vectors that name them.
        file.putInt(first, follow(first + 4 * index) - first)
        file.putInt(at, 1)
    }

    /** Places of a vector's int32 elements, to read or overwrite. */
    fun integerPlaces(field: Int): List<Int> = vector(field) { it }

    fun integers(field: Int): List<Int> = integerPlaces(field).map(file::getInt)

    private fun <T> vector(
        field: Int,
        element: (Int) -> T,
    ): List<T> {
        val at = follow(place(field) ?: return emptyList())
        return List(length(at)) { element(at + 4 + 4 * it) }
    }

    private fun place(field: Int): Int? {
        val table = start - file.getInt(start)
        val entry = 4 + 2 * field
        if (entry >= file.getShort(table).toInt()) return null
        val offset = file.getShort(table + entry).toInt() and 0xffff
        return if (offset == 0) null else start + offset
    }

    private fun follow(place: Int): Int = place + file.getInt(place)

    private fun length(at: Int): Int {
        val length = file.getInt(at)
        if (length < 0 ||
            length > file.limit() - at
        ) {
            throw ContractException("The model file is damaged. Copy it again.")
        }
        return length
    }

    companion object {
        fun root(bytes: ByteArray): FlatTable {
            val file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN)
            return FlatTable(file, file.getInt(0))
        }
    }
}
