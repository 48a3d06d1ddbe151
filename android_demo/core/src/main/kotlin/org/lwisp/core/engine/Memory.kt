package org.lwisp.core.engine

/** Peak growth of a process over one run on the CPU, per packed pixel; measured on a desktop by the Python runtime. */
private val BYTES_PER_PACKED_PX = mapOf("int8" to 1400L, "fp16" to 1850L, "float32" to 1850L)

/** Memory that developing a whole frame takes, in bytes. precision: of the model's contract. */
fun neededBytes(
    widthPx: Int,
    heightPx: Int,
    precision: String,
): Long = widthPx.toLong() * heightPx / 4 * BYTES_PER_PACKED_PX.getValue(precision)
