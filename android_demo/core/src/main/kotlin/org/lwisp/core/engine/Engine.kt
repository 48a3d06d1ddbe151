package org.lwisp.core.engine

import org.lwisp.core.contract.ModelFile

/** Sides of a packed frame. */
data class PackedSize(
    val widthPx: Int,
    val heightPx: Int,
)

/**
 * A model compiled for one size of frame. One thread at a time; never the one that draws the screen.
 */
interface Engine : AutoCloseable {
    /** What really runs the model, to be shown and written into results: "GPU", "CPU, 4 threads". */
    val backend: String

    /**
     * Runs one frame. packed: (h, w, 4) in the type of the contract's input tensor. Returns (2h, 2w, 3) in the
     * type of its output tensor. Raises [org.lwisp.core.EngineException].
     */
    fun run(packed: Tensor): Tensor
}

/** Makes an engine for a model whose hash was checked. Raises [org.lwisp.core.EngineException]. */
fun interface EngineFactory {
    fun open(
        model: ModelFile,
        bytes: ByteArray,
        size: PackedSize,
    ): Engine
}
