// What the app uses of com.google.ai.edge.litert:litert 2.3, to compile against where Google's Maven can't be reached.
// Names, parameters and types are those of LiteRT's public Kotlin sources; nothing here is ever run or shipped.
@file:Suppress("UNUSED_PARAMETER", "unused")

package com.google.ai.edge.litert

enum class Accelerator { NONE, CPU, GPU, NPU }

class LiteRtException(
    message: String,
) : Exception(message)

class Environment private constructor() : AutoCloseable {
    override fun close(): Unit = TODO()
}

class TensorBuffer private constructor() : AutoCloseable {
    fun writeFloat(data: FloatArray): Unit = TODO()

    fun writeInt8(data: ByteArray): Unit = TODO()

    fun readFloat(): FloatArray = TODO()

    fun readInt8(): ByteArray = TODO()

    override fun close(): Unit = TODO()
}

class CompiledModel private constructor() : AutoCloseable {
    data class CpuOptions(
        val numThreads: Int? = null,
        val xnnPackFlags: Int? = null,
        val xnnPackWeightCachePath: String? = null,
    )

    class Options(
        vararg accelerators: Accelerator,
    ) {
        var cpuOptions: CpuOptions? = null
    }

    fun createInputBuffer(
        inputName: String,
        signature: String? = null,
    ): TensorBuffer = TODO()

    fun createOutputBuffer(
        outputName: String,
        signature: String? = null,
    ): TensorBuffer = TODO()

    fun run(
        inputs: Map<String, TensorBuffer>,
        outputs: Map<String, TensorBuffer>,
        signature: String? = null,
    ): Unit = TODO()

    override fun close(): Unit = TODO()

    companion object {
        @JvmStatic
        fun create(
            filePath: String,
            options: Options = Options(Accelerator.CPU),
            optionalEnv: Environment? = null,
        ): CompiledModel = TODO()
    }
}
