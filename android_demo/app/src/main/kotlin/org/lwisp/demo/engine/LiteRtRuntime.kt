package org.lwisp.demo.engine

import android.content.Context
import com.google.ai.edge.litert.CompiledModel
import com.google.ai.edge.litert.Environment
import com.google.ai.edge.litert.LiteRtException
import org.lwisp.core.EngineException
import org.lwisp.core.contract.ModelFile
import org.lwisp.core.contract.SignatureContract
import org.lwisp.core.engine.Engine
import org.lwisp.core.engine.EngineFactory
import org.lwisp.core.raw.PackedSize
import java.io.File
import java.io.FileNotFoundException
import java.io.IOException
import com.google.ai.edge.litert.Accelerator as LiteRtAccelerator

/** LiteRT's environment for the whole process, with its compiler cache in the app's folder. */
class LiteRtRuntime(
    private val context: Context,
    version: String,
    private val soc: String?,
) {
    private val environment by lazy { Environment.create(context) }
    private val graphs = GraphFiles(context.cacheDir, version)
    private val gpuCache = File(context.cacheDir, "gpu-$version")

    fun engines(target: Target): EngineFactory =
        EngineFactory { model, bytes, signature, size ->
            try {
                open(target, Graph(model, bytes, signature, size))
            } catch (error: LiteRtException) {
                throw EngineException("LiteRT refuses the model (${error.message}). Copy the bundle again.", error)
            } catch (error: IOException) {
                val message = "The model can't be written to the cache (${error.message}). Free some space."
                throw EngineException(message, error)
            }
        }

    private class Graph(
        val model: ModelFile,
        val bytes: ByteArray,
        val signature: SignatureContract,
        val size: PackedSize,
    )

    /** An accelerator is requested alone: beside the CPU, one that takes no operator would go unnoticed. */
    private fun open(
        target: Target,
        graph: Graph,
    ): Engine {
        val cpu = "CPU, ${target.threads} threads"
        return when (target.accelerator) {
            Accelerator.CPU -> onCpu(target, graph, cpu)
            Accelerator.GPU -> onGpu(graph) { reason -> onCpu(target, graph, "$cpu (no GPU: $reason)") }
            Accelerator.NPU -> onNpu(graph) { reason -> onCpu(target, graph, "$cpu (no NPU: $reason)") }
        }
    }

    private fun onCpu(
        target: Target,
        graph: Graph,
        backend: String,
    ): Engine {
        val options = CompiledModel.Options(LiteRtAccelerator.CPU)
        options.cpuOptions = CompiledModel.CpuOptions(numThreads = target.threads)
        return engine(file(graph), graph, options, backend)
    }

    /** The driver's programs are kept: compiling them takes seconds. */
    private fun onGpu(
        graph: Graph,
        otherwise: (String?) -> Engine,
    ): Engine {
        gpuCache.mkdirs()
        val options = CompiledModel.Options(LiteRtAccelerator.GPU)
        options.gpuOptions =
            CompiledModel.GpuOptions(
                serializationDir = gpuCache.path,
                modelCacheKey = name(graph),
                serializeProgramCache = true,
            )
        return try {
            engine(file(graph), graph, options, "GPU")
        } catch (error: LiteRtException) {
            otherwise(error.message)
        }
    }

    /** Only what was compiled for this very chip and size: LiteRT itself adds the CPU for operators that are left over. */
    private fun onNpu(
        graph: Graph,
        otherwise: (String?) -> Engine,
    ): Engine {
        val asset = "bundle/npu/$soc/${name(graph)}.tflite"
        return try {
            val compiled =
                graphs.kept(
                    "${name(graph)}-$soc.tflite",
                ) { context.assets.open(asset).use { it.readBytes() } }
            engine(compiled, graph, CompiledModel.Options(LiteRtAccelerator.NPU), "NPU")
        } catch (error: FileNotFoundException) {
            otherwise("$asset isn't in the bundle")
        } catch (error: LiteRtException) {
            otherwise(error.message)
        }
    }

    private fun name(graph: Graph) = graphs.name(graph.model, graph.signature, graph.size)

    private fun file(graph: Graph) = graphs.file(graph.model, graph.bytes, graph.signature, graph.size)

    private fun engine(
        file: File,
        graph: Graph,
        options: CompiledModel.Options,
        backend: String,
    ): Engine = LiteRtEngine(CompiledModel.create(file.path, options, environment), graph.signature, backend)
}
