package org.lwisp.core.engine

import org.lwisp.core.contract.ModelFile
import org.lwisp.core.contract.SignatureContract
import org.lwisp.core.raw.PackedSize

/** Where the time of one run went, by the wall clock. */
class RunTime(
    /** Copying in. */
    val inputMs: Double,
    /** The model alone. */
    val inferenceMs: Double,
    /** Copying out. */
    val outputMs: Double,
)

/**
 * One signature of a model compiled for one size. One thread at a time; never the one that draws the screen.
 */
interface Engine : AutoCloseable {
    /** What really runs the model, to be shown and written into results: "GPU", "CPU, 4 threads". */
    val backend: String

    /** Of the last run. */
    val lastRun: RunTime

    /**
     * Runs once. inputs: the signature's, by name, in the types of the contract. Returns its outputs likewise.
     * Raises [org.lwisp.core.EngineException].
     */
    fun run(inputs: Map<String, Tensor>): Map<String, Tensor>
}

/** Times the three parts of each run. */
class RunClock {
    private val stamps = LongArray(4)

    val last: RunTime
        get() = RunTime(ms(0), ms(1), ms(2))

    /** Calls the parts in turn. Returns what the last gives. */
    fun <T> time(
        copyIn: () -> Unit,
        infer: () -> Unit,
        copyOut: () -> T,
    ): T {
        stamps[0] = System.nanoTime()
        copyIn()
        stamps[1] = System.nanoTime()
        infer()
        stamps[2] = System.nanoTime()
        return copyOut().also { stamps[3] = System.nanoTime() }
    }

    private fun ms(part: Int) = (stamps[part + 1] - stamps[part]) / 1e6
}

/** Makes an engine for a model whose hash was checked. Raises [org.lwisp.core.EngineException]. */
fun interface EngineFactory {
    fun open(
        model: ModelFile,
        bytes: ByteArray,
        signature: SignatureContract,
        size: PackedSize,
    ): Engine
}
