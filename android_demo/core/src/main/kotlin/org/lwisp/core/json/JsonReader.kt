package org.lwisp.core.json

import org.lwisp.core.ContractException

/** Files of ours nest four levels deep; more is an attack on the stack. */
private const val MAX_DEPTH = 32

/**
 * Parses strict JSON (RFC 8259) into maps, lists, strings, doubles, booleans and null.
 *
 * Of our own because `org.json` is a stub off the phone and lenient on it, and every library would be a
 * dependency of an app that reads one small file. Raises [ContractException] with the place.
 */
fun parseJson(text: String): Any? = JsonReader(text).document()

private class JsonReader(
    private val text: String,
) {
    private var position = 0

    fun document(): Any? {
        val value = value(0)
        skipBlanks()
        if (position != text.length) fail("nothing more")
        return value
    }

    private fun value(depth: Int): Any? {
        if (depth > MAX_DEPTH) fail("at most $MAX_DEPTH levels")
        skipBlanks()
        return when (peek()) {
            '{' -> objectValue(depth)
            '[' -> list(depth)
            '"' -> string()
            't' -> word("true", true)
            'f' -> word("false", false)
            'n' -> word("null", null)
            else -> number()
        }
    }

    private fun objectValue(depth: Int): Map<String, Any?> {
        val members = LinkedHashMap<String, Any?>()
        sequence('{', '}') {
            skipBlanks()
            val key = string()
            skipBlanks()
            expect(':')
            if (members.containsKey(key)) fail("the key \"$key\" once")
            members[key] = value(depth + 1)
        }
        return members
    }

    private fun list(depth: Int): List<Any?> {
        val items = ArrayList<Any?>()
        sequence('[', ']') { items.add(value(depth + 1)) }
        return items
    }

    private fun sequence(
        opening: Char,
        closing: Char,
        item: () -> Unit,
    ) {
        expect(opening)
        skipBlanks()
        if (peek() == closing) {
            position++
            return
        }
        while (true) {
            item()
            skipBlanks()
            if (peek() == closing) break
            expect(',')
        }
        expect(closing)
    }

    private fun string(): String {
        expect('"')
        val content = StringBuilder()
        while (peek() != '"') {
            val letter = next()
            if (letter < ' ') fail("no control character in a string")
            content.append(if (letter == '\\') escape() else letter)
        }
        position++
        return content.toString()
    }

    private fun escape(): Char =
        when (val letter = next()) {
            '"', '\\', '/' -> letter
            'b' -> '\b'
            'f' -> '\u000c'
            'n' -> '\n'
            'r' -> '\r'
            't' -> '\t'
            'u' -> hex(4)
            else -> fail("an escape")
        }

    private fun hex(digits: Int): Char {
        if (position + digits > text.length) fail("four hex digits")
        val code = text.substring(position, position + digits)
        if (!code.all { it in '0'..'9' || it.lowercaseChar() in 'a'..'f' }) fail("four hex digits")
        position += digits
        return code.toInt(16).toChar()
    }

    private fun number(): Double {
        val found = NUMBER.find(text, position)
        if (found == null || found.range.first != position) fail("a value")
        position = found.range.last + 1
        val value = found.value.toDouble()
        if (value.isInfinite()) fail("a number that a double holds")
        return value
    }

    private fun <T> word(
        word: String,
        value: T,
    ): T {
        if (!text.startsWith(word, position)) fail("a value")
        position += word.length
        return value
    }

    private fun skipBlanks() {
        while (position < text.length && text[position] in " \t\r\n") position++
    }

    private fun peek(): Char = if (position < text.length) text[position] else fail("more text")

    private fun next(): Char = peek().also { position++ }

    private fun expect(letter: Char) {
        if (peek() != letter) fail("'$letter'")
        position++
    }

    private fun fail(wanted: String): Nothing =
        throw ContractException("JSON: $wanted is needed at character $position.")

    private companion object {
        val NUMBER = Regex("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")
    }
}
