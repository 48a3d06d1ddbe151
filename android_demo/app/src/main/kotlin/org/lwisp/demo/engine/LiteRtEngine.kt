package org.lwisp.demo.engine

import android.os.Looper
import com.google.ai.edge.litert.CompiledModel
import com.google.ai.edge.litert.JniHandle
import com.google.ai.edge.litert.LiteRtException
import com.google.ai.edge.litert.TensorBuffer
import org.lwisp.core.EngineException
import org.lwisp.core.contract.ElementType
import org.lwisp.core.contract.SignatureContract
import org.lwisp.core.contract.TensorSpec
import org.lwisp.core.engine.Engine
import org.lwisp.core.engine.RunClock
import org.lwisp.core.engine.Tensor

/** A compiled signature with its buffers. A run takes tens of milliseconds: the thread that draws the screen is refused. */
class LiteRtEngine(
    private val model: CompiledModel,
    private val signature: SignatureContract,
    override val backend: String,
) : Engine {
    private val clock = RunClock()
    private val handles = ArrayList<JniHandle>().apply { add(model) }
    private val inputs: Map<String, TensorBuffer>
    private val outputs: Map<String, TensorBuffer>

    init {
        try {
            inputs = signature.inputs.associate { it.name to kept(model.createInputBuffer(it.name, signature.name)) }
            outputs = signature.outputs.associate { it.name to kept(model.createOutputBuffer(it.name, signature.name)) }
        } catch (error: LiteRtException) {
            close()
            throw error
        }
    }

    override val lastRun get() = clock.last

    override fun run(inputs: Map<String, Tensor>): Map<String, Tensor> {
        check(Looper.myLooper() != Looper.getMainLooper()) { "The engine was called on the main thread." }
        try {
            return clock.time(
                { this.inputs.forEach { (name, buffer) -> write(buffer, inputs.getValue(name)) } },
                { model.run(this.inputs, outputs, signature.name) },
                { signature.outputs.associate { it.name to read(outputs.getValue(it.name), it) } },
            )
        } catch (error: LiteRtException) {
            throw EngineException("LiteRT couldn't run \"${signature.name}\" (${error.message}).", error)
        }
    }

    /** Buffers before their model. */
    override fun close() = handles.asReversed().forEach(JniHandle::close)

    private fun kept(buffer: TensorBuffer) = buffer.also(handles::add)

    private fun write(
        buffer: TensorBuffer,
        tensor: Tensor,
    ) {
        when (tensor) {
            is Tensor.Float32 -> buffer.writeFloat(tensor.values)
            is Tensor.Int8 -> buffer.writeInt8(tensor.values)
        }
    }

    private fun read(
        buffer: TensorBuffer,
        spec: TensorSpec,
    ): Tensor =
        when (spec.type) {
            ElementType.FLOAT32 -> Tensor.Float32(buffer.readFloat())
            ElementType.INT8 -> Tensor.Int8(buffer.readInt8())
        }
}
