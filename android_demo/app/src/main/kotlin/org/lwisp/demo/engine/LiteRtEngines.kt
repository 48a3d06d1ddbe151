package org.lwisp.demo.engine

import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import com.google.ai.edge.litert.LiteRtException
import org.lwisp.core.EngineException
import org.lwisp.core.contract.ModelFile
import org.lwisp.core.contract.Signature
import org.lwisp.core.engine.Engine
import org.lwisp.core.engine.EngineFactory
import org.lwisp.core.engine.specialised
import org.lwisp.core.raw.PackedSize
import java.io.File
import java.io.IOException

/** Makes LiteRT engines, on the GPU where it's wanted and there is one that takes the model. */
class LiteRtEngines(
    private val folder: File,
    private val gpu: Boolean,
    private val threads: Int,
) : EngineFactory {
    override fun open(
        model: ModelFile,
        bytes: ByteArray,
        signature: Signature,
        size: PackedSize,
    ): Engine {
        val file = File(folder, "${model.sha256.take(16)}-${signature.name}-${size.widthPx}x${size.heightPx}.tflite")
        try {
            file.writeBytes(specialised(bytes, model.contract, signature.name, size))
            return onGpuElseCpu(file, signature)
        } catch (error: LiteRtException) {
            throw EngineException("LiteRT refuses the model (${error.message}). Copy the bundle again.", error)
        } catch (error: IOException) {
            throw EngineException("The model can't be written to the cache (${error.message}). Free some space.", error)
        } finally {
            file.delete()
        }
    }

    /** The GPU is asked for by itself: beside the CPU, a GPU that takes nothing would go unnoticed. */
    private fun onGpuElseCpu(
        file: File,
        signature: Signature,
    ): Engine {
        if (!gpu) return engine(file, signature, cpuOptions(), "CPU, $threads threads")
        return try {
            engine(file, signature, CompiledModel.Options(Accelerator.GPU), "GPU")
        } catch (error: LiteRtException) {
            engine(file, signature, cpuOptions(), "CPU, $threads threads (no GPU: ${error.message})")
        }
    }

    private fun engine(
        file: File,
        signature: Signature,
        options: CompiledModel.Options,
        backend: String,
    ): Engine = LiteRtEngine(CompiledModel.create(file.path, options, null), signature, backend)

    private fun cpuOptions() =
        CompiledModel.Options(Accelerator.CPU).apply { cpuOptions = CompiledModel.CpuOptions(numThreads = threads) }
}
