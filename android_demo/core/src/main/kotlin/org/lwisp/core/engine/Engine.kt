package org.lwisp.core.engine

import org.lwisp.core.contract.ModelFile
import org.lwisp.core.contract.SignatureContract
import org.lwisp.core.raw.PackedSize

/**
 * One signature of a model compiled for one size. One thread at a time; never the one that draws the screen.
 */
interface Engine : AutoCloseable {
    /** What really runs the model, to be shown and written into results: "GPU", "CPU, 4 threads". */
    val backend: String

    /**
     * Runs once. inputs: the signature's, by name, in the types of the contract. Returns its outputs likewise.
     * Raises [org.lwisp.core.EngineException].
     */
    fun run(inputs: Map<String, Tensor>): Map<String, Tensor>
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
