package org.lwisp.core.json

/** Writes maps, lists, texts, numbers, booleans and null as JSON. Raises IllegalArgumentException on NaN or infinity. */
fun toJson(value: Any?): String = StringBuilder().also { write(value, it, 0) }.append('\n').toString()

private fun write(
    value: Any?,
    out: StringBuilder,
    depth: Int,
) {
    when (value) {
        null, is Boolean, is Int, is Long -> out.append(value)
        is Double -> out.append(finite(value))
        is String -> quote(value, out)
        is Map<*, *> -> sequence(value.entries, "{}", out, depth) { writeMember(it, out, depth + 1) }
        is List<*> -> sequence(value, "[]", out, depth) { write(it, out, depth + 1) }
        else -> throw IllegalArgumentException("A ${value.javaClass.simpleName} has no JSON form.")
    }
}

private fun writeMember(
    member: Map.Entry<*, *>,
    out: StringBuilder,
    depth: Int,
) {
    quote(member.key as String, out)
    out.append(": ")
    write(member.value, out, depth)
}

private fun <T> sequence(
    items: Collection<T>,
    brackets: String,
    out: StringBuilder,
    depth: Int,
    writeItem: (T) -> Unit,
) {
    out.append(brackets[0])
    items.forEachIndexed { index, item ->
        out.append(if (index == 0) "\n" else ",\n").append("  ".repeat(depth + 1))
        writeItem(item)
    }
    if (items.isNotEmpty()) out.append('\n').append("  ".repeat(depth))
    out.append(brackets[1])
}

private fun finite(value: Double): String {
    require(!value.isNaN() && !value.isInfinite()) { "$value can't be written as JSON; use null for what isn't there." }
    return value.toString()
}

private fun quote(
    text: String,
    out: StringBuilder,
) {
    out.append('"')
    for (letter in text) {
        when {
            letter == '"' || letter == '\\' -> out.append('\\').append(letter)
            letter < ' ' -> out.append("\\u").append("%04x".format(letter.code))
            else -> out.append(letter)
        }
    }
    out.append('"')
}
