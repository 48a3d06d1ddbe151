package org.lwisp.demo.engine

import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import com.google.ai.edge.litert.LiteRtException
import org.lwisp.core.EngineException
import org.lwisp.core.contract.ModelFile
import org.lwisp.core.contract.SignatureContract
import org.lwisp.core.engine.Engine
import org.lwisp.core.engine.EngineFactory
import org.lwisp.core.engine.specialized
import org.lwisp.core.raw.PackedSize
import java.io.File
import java.io.IOException

/** Makes LiteRT engines, on the GPU where it is requested and takes the model. */
class LiteRtEngines(
    private val folder: File,
    private val gpu: Boolean,
    private val threads: Int,
) : EngineFactory {
    override fun open(
        model: ModelFile,
        bytes: ByteArray,
        signature: SignatureContract,
        size: PackedSize,
    ): Engine {
        val file = File(folder, "${model.sha256.take(16)}-${signature.name}-${size.widthPx}x${size.heightPx}.tflite")
        try {
            file.writeBytes(specialized(bytes, signature, size))
            return onGpuElseCpu(file, signature)
        } catch (error: LiteRtException) {
            throw EngineException("LiteRT refuses the model (${error.message}). Copy the bundle again.", error)
        } catch (error: IOException) {
            throw EngineException("The model can't be written to the cache (${error.message}). Free some space.", error)
        } finally {
            file.delete()
        }
    }

    /** The GPU is requested alone: beside the CPU, one that takes no operator would go unnoticed. */
    private fun onGpuElseCpu(
        file: File,
        signature: SignatureContract,
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
        signature: SignatureContract,
        options: CompiledModel.Options,
        backend: String,
    ): Engine = LiteRtEngine(CompiledModel.create(file.path, options, null), signature, backend)

    private fun cpuOptions() =
        CompiledModel.Options(Accelerator.CPU).apply { cpuOptions = CompiledModel.CpuOptions(numThreads = threads) }
}
