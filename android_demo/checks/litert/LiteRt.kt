// What the app uses of com.google.ai.edge.litert:litert 2.3, to compile against where Google's Maven can't be reached.
// Names, parameters, defaults and types are those of LiteRT's public Kotlin sources, which signatures.txt lists; nothing
// here is ever run or shipped.
@file:Suppress("UNUSED_PARAMETER", "unused")

package com.google.ai.edge.litert

import android.content.Context

enum class Accelerator private constructor(
    val value: Int,
) {
    NONE(0),
    CPU(1),
    GPU(2),
    NPU(3),
}

enum class Status(
    val code: Int,
) {
    Ok(0),
    ErrorRuntimeFailure(3),
}

class LiteRtException(
    private val status: Status,
    message: String,
) : Exception(message) {
    constructor(code: Int, message: String) : this(Status.Ok, message)
}

abstract class JniHandle internal constructor(
    internal val handle: Long,
) : AutoCloseable {
    protected abstract fun destroy()

    final override fun close(): Unit = TODO()
}

class Environment private constructor(
    handle: Long,
) : JniHandle(handle) {
    enum class Option private constructor(
        val value: Int,
    ) {
        CompilerPluginLibraryDir(0),
        DispatchLibraryDir(1),
    }

    protected override fun destroy(): Unit = TODO()

    companion object {
        @JvmOverloads
        @JvmStatic
        fun create(
            context: Context,
            options: Map<Option, String> = mapOf(),
            enableCompilerCache: Boolean = true,
        ): Environment = TODO()
    }
}

class TensorBuffer internal constructor(
    handle: Long,
) : JniHandle(handle) {
    fun writeFloat(data: FloatArray): Unit = TODO()

    fun writeInt8(data: ByteArray): Unit = TODO()

    fun readFloat(): FloatArray = TODO()

    fun readInt8(): ByteArray = TODO()

    protected override fun destroy(): Unit = TODO()
}

class CompiledModel private constructor(
    handle: Long,
) : JniHandle(handle) {
    data class CpuOptions(
        val numThreads: Int? = null,
        val xnnPackFlags: Int? = null,
        val xnnPackWeightCachePath: String? = null,
    )

    data class GpuOptions(
        val constantTensorSharing: Boolean? = null,
        val infiniteFloatCapping: Boolean? = null,
        val allowSrcQuantizedFcConvOps: Boolean? = null,
        val precision: Precision? = null,
        val bufferStorageType: BufferStorageType? = null,
        val preferTextureWeights: Boolean? = null,
        val serializationDir: String? = null,
        val modelCacheKey: String? = null,
        val serializeProgramCache: Boolean? = null,
        val serializeExternalTensors: Boolean? = null,
        val externalTensorsMode: Boolean? = null,
        val externalTensorPattern: String? = null,
        val backend: Backend? = null,
        val priority: Priority? = null,
        val numStepsOfCommandBufferPreparations: Int? = null,
    ) {
        enum class Precision(
            val value: Int,
        ) {
            DEFAULT(0),
            FP16(1),
            FP32(2),
            FP16_WITH_FP32_ACCUM(3),
        }

        enum class BufferStorageType(
            val value: Int,
        ) {
            DEFAULT(0),
            BUFFER(1),
            TEXTURE_2D(2),
        }

        enum class Backend(
            val value: Int,
        ) {
            AUTOMATIC(0),
            OPENCL(1),
            WEBGPU(2),
            OPENGL(3),
        }

        enum class Priority(
            val value: Int,
        ) {
            DEFAULT(0),
            LOW(1),
            NORMAL(2),
            HIGH(3),
        }
    }

    class Options(
        internal val accelerators: Set<Accelerator>,
    ) {
        constructor(vararg accelerators: Accelerator) : this(setOf(*accelerators))

        var cpuOptions: CpuOptions? = null
        var gpuOptions: GpuOptions? = null

        companion object {
            @JvmStatic
            val CPU = Options(Accelerator.CPU)
        }
    }

    fun createInputBuffer(
        inputName: String,
        signature: String = "",
    ): TensorBuffer = TODO()

    fun createOutputBuffer(
        outputName: String,
        signature: String = "",
    ): TensorBuffer = TODO()

    fun run(
        inputs: Map<String, TensorBuffer>,
        outputs: Map<String, TensorBuffer>,
        signature: String = "",
    ): Unit = TODO()

    protected override fun destroy(): Unit = TODO()

    companion object {
        @JvmOverloads
        @JvmStatic
        fun create(
            filePath: String,
            options: Options = Options.CPU,
            optionalEnv: Environment? = null,
        ): CompiledModel = TODO()
    }
}
