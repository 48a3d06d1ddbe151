package org.lwisp.core

import com.sun.jna.Library
import com.sun.jna.Memory
import com.sun.jna.Native
import com.sun.jna.Pointer
import com.sun.jna.ptr.PointerByReference
import org.lwisp.core.contract.ElementType
import org.lwisp.core.contract.ModelFile
import org.lwisp.core.engine.Engine
import org.lwisp.core.engine.PackedSize
import org.lwisp.core.engine.Tensor
import org.lwisp.core.engine.resized
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

/** The real model on this machine's CPU, made for one size as the app makes it. */
class HostEngine(
    model: ModelFile,
    bytes: ByteArray,
    private val size: PackedSize,
) : Engine {
    private val contract = model.contract
    private val lite = Native.load(property("lwisp.litert"), LiteRt::class.java)
    private val file = File.createTempFile("lwisp", ".tflite").apply { writeBytes(resized(bytes, contract, size)) }
    private val environment = made { lite.LiteRtCreateEnvironment(0, null, it) }
    private val loaded = made { lite.LiteRtCreateModelFromFile(environment, file.path, it) }
    private val options =
        made {
            lite.LiteRtCreateOptions(it)
        }.also { check(lite.LiteRtSetOptionsHardwareAccelerators(it, CPU)) }
    private val compiled = made { lite.LiteRtCreateCompiledModel(environment, loaded, options, it) }
    private val input =
        buffer(
            contract.inputTensor.type,
            1,
            4,
            made { lite.LiteRtGetCompiledModelInputBufferRequirements(compiled, 0, 0, it) },
        )
    private val output =
        buffer(
            contract.outputTensor.type,
            contract.outputScale,
            3,
            made {
                lite.LiteRtGetCompiledModelOutputBufferRequirements(compiled, 0, 0, it)
            },
        )

    override val backend = "host CPU"

    override fun run(packed: Tensor): Tensor {
        locked(input, WRITE) {
            when (packed) {
                is Tensor.Float32 -> it.write(0, packed.values, 0, packed.values.size)
                is Tensor.Int8 -> it.write(0, packed.values, 0, packed.values.size)
            }
        }
        check(lite.LiteRtRunCompiledModel(compiled, 0, 1, arrayOf(input), 1, arrayOf(output)))
        val values = size.widthPx * size.heightPx * contract.outputScale * contract.outputScale * 3
        return locked(output, READ) {
            when (contract.outputTensor.type) {
                ElementType.FLOAT32 -> Tensor.Float32(it.getFloatArray(0, values))
                ElementType.INT8 -> Tensor.Int8(it.getByteArray(0, values))
            }
        }
    }

    override fun close() {
        lite.LiteRtDestroyTensorBuffer(input)
        lite.LiteRtDestroyTensorBuffer(output)
        lite.LiteRtDestroyCompiledModel(compiled)
        lite.LiteRtDestroyOptions(options)
        lite.LiteRtDestroyModel(loaded)
        lite.LiteRtDestroyEnvironment(environment)
        file.delete()
    }

    private fun buffer(
        type: ElementType,
        scale: Int,
        channels: Int,
        requirements: Pointer,
    ): Pointer {
        val shape = intArrayOf(1, scale * size.heightPx, scale * size.widthPx, channels)
        return made {
            lite.LiteRtCreateManagedTensorBufferFromRequirements(environment, rankedType(type, shape), requirements, it)
        }
    }

    /** LiteRtRankedTensorType: element type, rank, eight dimensions, eight strides. */
    private fun rankedType(
        type: ElementType,
        shape: IntArray,
    ) = Memory(72).apply {
        clear()
        setInt(0, if (type == ElementType.FLOAT32) 1 else 9)
        setInt(4, shape.size)
        shape.forEachIndexed { index, side -> setInt(8L + 4 * index, side) }
    }

    private fun <T> locked(
        buffer: Pointer,
        mode: Int,
        work: (Pointer) -> T,
    ): T {
        val address = made { lite.LiteRtLockTensorBuffer(buffer, it, mode) }
        return work(address).also { check(lite.LiteRtUnlockTensorBuffer(buffer)) }
    }

    private fun made(call: (PointerByReference) -> Int): Pointer = PointerByReference().also { check(call(it)) }.value

    private fun check(status: Int) {
        if (status != 0) throw EngineException("LiteRT answered with status $status.")
    }
}
