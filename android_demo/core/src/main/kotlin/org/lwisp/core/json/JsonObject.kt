package org.lwisp.core.json

import org.lwisp.core.ContractException

/** A parsed JSON object whose members are asked for by type; `where` names the place in messages. */
class JsonObject(
    private val members: Map<String, Any?>,
    private val where: String,
) {
    private val asked = HashSet<String>()

    /** Reads the object with `read`; raises [ContractException] if it has members that `read` didn't ask for. */
    fun <T> complete(read: JsonObject.() -> T): T {
        val value = read()
        val unknown = members.keys - asked
        if (unknown.isNotEmpty()) {
            throw ContractException("$where: unknown ${unknown.joinToString { "\"$it\"" }}. Update the app.")
        }
        return value
    }

    fun text(key: String): String = member<String>(key, "text")

    fun number(key: String): Double = member<Double>(key, "a number")

    fun numberOrNull(key: String): Double? = if (required(key) == null) null else number(key)

    fun flag(key: String): Boolean = member<Boolean>(key, "true or false")

    fun integer(key: String): Int {
        val value = number(key)
        if (value != Math.rint(value) || Math.abs(value) > Int.MAX_VALUE) fail(key, "a whole number")
        return value.toInt()
    }

    fun integerOrNull(key: String): Int? = if (required(key) == null) null else integer(key)

    fun child(key: String): JsonObject = asObject(required(key), "$where.$key")

    fun children(key: String): List<JsonObject> =
        member<List<*>>(key, "a list").mapIndexed { index, item -> asObject(item, "$where.$key[$index]") }

    fun texts(key: String): List<String> =
        member<List<*>>(key, "a list").map {
            it as? String
                ?: fail(key, "a list of texts")
        }

    /** A 3x3 matrix as nine numbers, row by row; null where the file says null. */
    fun matrixOrNull(key: String): DoubleArray? {
        val rows = required(key) ?: return null
        val numbers = (rows as? List<*>)?.flatMap { it as? List<*> ?: listOf(null) }?.map { it as? Double }
        if (numbers == null || numbers.size != 9 || null in numbers) fail(key, "three rows of three numbers")
        return numbers.filterNotNull().toDoubleArray()
    }

    private inline fun <reified T> member(
        key: String,
        kind: String,
    ): T = required(key) as? T ?: fail(key, kind)

    private fun required(key: String): Any? {
        asked += key
        return if (members.containsKey(key)) members[key] else fail(key, "this key")
    }

    private fun fail(
        key: String,
        needed: String,
    ): Nothing = throw ContractException("$where.$key: $needed is needed. Copy the bundle again or export again.")
}

/** Reads a JSON text whose top is an object. Raises [ContractException]. */
fun parseObject(
    text: String,
    where: String,
): JsonObject = asObject(parseJson(text), where)

private fun asObject(
    value: Any?,
    where: String,
): JsonObject {
    val members = value as? Map<*, *> ?: throw ContractException("$where: an object is needed. Export again.")
    @Suppress("UNCHECKED_CAST") // the reader makes no other map
    return JsonObject(members as Map<String, Any?>, where)
}
