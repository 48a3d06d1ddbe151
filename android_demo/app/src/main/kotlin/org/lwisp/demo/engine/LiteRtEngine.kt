package org.lwisp.demo.engine

import android.os.Looper
import com.google.ai.edge.litert.CompiledModel
import com.google.ai.edge.litert.LiteRtException
import com.google.ai.edge.litert.TensorBuffer
import org.lwisp.core.EngineException
import org.lwisp.core.contract.ElementType
import org.lwisp.core.contract.ModelContract
import org.lwisp.core.engine.Engine
import org.lwisp.core.engine.Tensor

/** A compiled model with its buffers. Takes tens of milliseconds per run: refuses the thread that draws the screen. */
class LiteRtEngine(
    private val model: CompiledModel,
    private val contract: ModelContract,
    override val backend: String,
) : Engine {
    private val input = model.createInputBuffer(contract.inputTensor.name, contract.signature)
    private val output = model.createOutputBuffer(contract.outputTensor.name, contract.signature)

    override fun run(packed: Tensor): Tensor {
        check(Looper.myLooper() != Looper.getMainLooper()) { "The engine was called on the main thread." }
        try {
            write(packed)
            model.run(
                mapOf(contract.inputTensor.name to input),
                mapOf(contract.outputTensor.name to output),
                contract.signature,
            )
            return read(output)
        } catch (error: LiteRtException) {
            throw EngineException("LiteRT couldn't run the frame (${error.message}).", error)
        }
    }

    override fun close() {
        input.close()
        output.close()
        model.close()
    }

    private fun write(packed: Tensor) {
        when (packed) {
            is Tensor.Float32 -> input.writeFloat(packed.values)
            is Tensor.Int8 -> input.writeInt8(packed.values)
        }
    }

    private fun read(buffer: TensorBuffer): Tensor =
        when (contract.outputTensor.type) {
            ElementType.FLOAT32 -> Tensor.Float32(buffer.readFloat())
            ElementType.INT8 -> Tensor.Int8(buffer.readInt8())
        }
}
