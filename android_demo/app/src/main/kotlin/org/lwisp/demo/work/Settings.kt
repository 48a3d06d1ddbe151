package org.lwisp.demo.work

/** What the user chose. */
data class Settings(
    /** Of the bundle's models: int8 or fp16. */
    val precision: String,
    /** Try the GPU first. */
    val gpu: Boolean,
    val threads: Int,
    /** Side of the centre that is developed, in pixels; null: the whole frame. */
    val partPx: Int?,
) {
    /** What decides which engine is needed. */
    val engineKey get() = Triple(precision, gpu, threads)
}
