package org.lwisp.core

import com.sun.jna.Library
import com.sun.jna.Memory
import com.sun.jna.Native
import com.sun.jna.Pointer
import com.sun.jna.ptr.LongByReference
import com.sun.jna.ptr.PointerByReference
import org.lwisp.core.contract.ModelFile
import org.lwisp.core.contract.SignatureContract
import org.lwisp.core.engine.Engine
import org.lwisp.core.engine.RunClock
import org.lwisp.core.engine.Tensor
import org.lwisp.core.engine.specialized
import org.lwisp.core.raw.PackedSize
import java.io.File

/** LiteRT's C interface: what the Kotlin `CompiledModel` calls on a phone. Names and orders are LiteRT's. */
@Suppress("ktlint:standard:function-naming")
interface LiteRt : Library {
    fun LiteRtCreateEnvironment(
        count: Int,
        options: Pointer?,
        environment: PointerByReference,
    ): Int

    fun LiteRtCreateModelFromFile(
        environment: Pointer,
        file: String,
        model: PointerByReference,
    ): Int

    fun LiteRtCreateOptions(options: PointerByReference): Int

    fun LiteRtSetOptionsHardwareAccelerators(
        options: Pointer,
        accelerators: Int,
    ): Int

    fun LiteRtCreateCompiledModel(
        environment: Pointer,
        model: Pointer,
        options: Pointer,
        compiled: PointerByReference,
    ): Int

    fun LiteRtGetModelSignature(
        model: Pointer,
        index: Long,
        signature: PointerByReference,
    ): Int

    fun LiteRtGetNumSignatureInputs(
        signature: Pointer,
        count: LongByReference,
    ): Int

    fun LiteRtGetNumSignatureOutputs(
        signature: Pointer,
        count: LongByReference,
    ): Int

    fun LiteRtGetSignatureInputName(
        signature: Pointer,
        index: Long,
        name: PointerByReference,
    ): Int

    fun LiteRtGetSignatureOutputName(
        signature: Pointer,
        index: Long,
        name: PointerByReference,
    ): Int

    fun LiteRtGetSignatureInputTensorByIndex(
        signature: Pointer,
        index: Long,
        tensor: PointerByReference,
    ): Int

    fun LiteRtGetSignatureOutputTensorByIndex(
        signature: Pointer,
        index: Long,
        tensor: PointerByReference,
    ): Int

    fun LiteRtGetRankedTensorType(
        tensor: Pointer,
        type: Pointer,
    ): Int

    fun LiteRtGetCompiledModelInputBufferRequirements(
        compiled: Pointer,
        signature: Long,
        index: Long,
        requirements: PointerByReference,
    ): Int

    fun LiteRtGetCompiledModelOutputBufferRequirements(
        compiled: Pointer,
        signature: Long,
        index: Long,
        requirements: PointerByReference,
    ): Int

    fun LiteRtCreateManagedTensorBufferFromRequirements(
        environment: Pointer,
        type: Pointer,
        requirements: Pointer,
        buffer: PointerByReference,
    ): Int

    fun LiteRtLockTensorBuffer(
        buffer: Pointer,
        address: PointerByReference,
        mode: Int,
    ): Int

    fun LiteRtUnlockTensorBuffer(buffer: Pointer): Int

    fun LiteRtRunCompiledModel(
        compiled: Pointer,
        signature: Long,
        inputs: Long,
        input: Array<Pointer>,
        outputs: Long,
        output: Array<Pointer>,
    ): Int

    fun LiteRtDestroyTensorBuffer(buffer: Pointer)

    fun LiteRtDestroyCompiledModel(compiled: Pointer)

    fun LiteRtDestroyOptions(options: Pointer)

    fun LiteRtDestroyModel(model: Pointer)

    fun LiteRtDestroyEnvironment(environment: Pointer)
}

private const val CPU = 1
private const val READ = 0
private const val WRITE = 1
private const val FLOAT32 = 1
private const val INT8 = 9

/** The real model on this machine's CPU, made for one signature and size as the app makes it. */
class HostEngine(
    model: ModelFile,
    bytes: ByteArray,
    signature: SignatureContract,
    size: PackedSize,
) : Engine {
    private val lite = Native.load(property("lwisp.litert"), LiteRt::class.java)
    private val file =
        File.createTempFile("lwisp", ".tflite").apply {
            writeBytes(specialized(bytes, signature, size))
        }
    private val environment = made { lite.LiteRtCreateEnvironment(0, null, it) }
    private val loaded = made { lite.LiteRtCreateModelFromFile(environment, file.path, it) }
    private val options =
        made {
            lite.LiteRtCreateOptions(it)
        }.also { check(lite.LiteRtSetOptionsHardwareAccelerators(it, CPU)) }
    private val compiled = made { lite.LiteRtCreateCompiledModel(environment, loaded, options, it) }

    // The file's only one.
    private val only = made { lite.LiteRtGetModelSignature(loaded, 0, it) }
    private val inputs = List(count { lite.LiteRtGetNumSignatureInputs(only, it) }) { input(it.toLong()) }
    private val outputs = List(count { lite.LiteRtGetNumSignatureOutputs(only, it) }) { output(it.toLong()) }

    override val backend = "host CPU"

    private val clock = RunClock()
    override val lastRun get() = clock.last

    override fun run(inputs: Map<String, Tensor>): Map<String, Tensor> {
        val (given, made) = listOf(this.inputs, outputs).map { buffers -> buffers.map { it.handle }.toTypedArray() }
        return clock.time(
            { this.inputs.forEach { write(it, inputs.getValue(it.name)) } },
            { check(lite.LiteRtRunCompiledModel(compiled, 0, given.size.toLong(), given, made.size.toLong(), made)) },
            { outputs.associate { it.name to read(it) } },
        )
    }

    override fun close() {
        (inputs + outputs).forEach { lite.LiteRtDestroyTensorBuffer(it.handle) }
        lite.LiteRtDestroyCompiledModel(compiled)
        lite.LiteRtDestroyOptions(options)
        lite.LiteRtDestroyModel(loaded)
        lite.LiteRtDestroyEnvironment(environment)
        file.delete()
    }

    /** A tensor's memory; type: LiteRtRankedTensorType, that is element type, rank, eight sides, eight strides. */
    private class Buffer(
        val name: String,
        val handle: Pointer,
        type: Memory,
    ) {
        val element = type.getInt(0)
        val values =
            (
                0 until (
                    type.getInt(
                        4,
                    ) and 0x7f
                )
            ).fold(1) { product, axis -> product * type.getInt(8L + 4 * axis) }
    }

    private fun input(index: Long) =
        buffer(
            made { lite.LiteRtGetSignatureInputName(only, index, it) },
            made { lite.LiteRtGetSignatureInputTensorByIndex(only, index, it) },
            made { lite.LiteRtGetCompiledModelInputBufferRequirements(compiled, 0, index, it) },
        )

    private fun output(index: Long) =
        buffer(
            made { lite.LiteRtGetSignatureOutputName(only, index, it) },
            made { lite.LiteRtGetSignatureOutputTensorByIndex(only, index, it) },
            made { lite.LiteRtGetCompiledModelOutputBufferRequirements(compiled, 0, index, it) },
        )

    private fun buffer(
        name: Pointer,
        tensor: Pointer,
        requirements: Pointer,
    ): Buffer {
        val type = Memory(72).apply { clear() }
        check(lite.LiteRtGetRankedTensorType(tensor, type))
        val handle = made { lite.LiteRtCreateManagedTensorBufferFromRequirements(environment, type, requirements, it) }
        return Buffer(name.getString(0), handle, type)
    }

    private fun write(
        buffer: Buffer,
        tensor: Tensor,
    ) {
        if (tensor.size != buffer.values) throw EngineException("${buffer.name} has ${buffer.values} values.")
        locked(buffer, WRITE) {
            when (tensor) {
                is Tensor.Float32 -> it.write(0, tensor.values, 0, tensor.size)
                is Tensor.Int8 -> it.write(0, tensor.values, 0, tensor.size)
            }
        }
    }

    private fun read(buffer: Buffer): Tensor =
        locked(buffer, READ) {
            when (buffer.element) {
                FLOAT32 -> Tensor.Float32(it.getFloatArray(0, buffer.values))
                INT8 -> Tensor.Int8(it.getByteArray(0, buffer.values))
                else -> throw EngineException("${buffer.name} is of type ${buffer.element}.")
            }
        }

    private fun <T> locked(
        buffer: Buffer,
        mode: Int,
        work: (Pointer) -> T,
    ): T {
        val address = made { lite.LiteRtLockTensorBuffer(buffer.handle, it, mode) }
        return work(address).also { check(lite.LiteRtUnlockTensorBuffer(buffer.handle)) }
    }

    private fun made(call: (PointerByReference) -> Int): Pointer = PointerByReference().also { check(call(it)) }.value

    private fun count(call: (LongByReference) -> Int): Int = LongByReference().also { check(call(it)) }.value.toInt()

    private fun check(status: Int) {
        if (status != 0) throw EngineException("LiteRT answered with status $status.")
    }
}
