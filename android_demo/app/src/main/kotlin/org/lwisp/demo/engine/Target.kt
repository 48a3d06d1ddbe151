package org.lwisp.demo.engine

/** What a model is wanted to run on; the CPU takes over where another can't. */
enum class Accelerator { CPU, GPU, NPU }

/** What decides which engines are needed. */
data class Target(
    /** Of the bundle's models: int8 or fp16. */
    val precision: String,
    val accelerator: Accelerator,
    /** The CPU's. */
    val threads: Int,
)
