package org.lwisp.core.engine

import org.lwisp.core.contract.ModelFile
import org.lwisp.core.contract.Signature
import org.lwisp.core.raw.PackedSize

/** Engines of one model, at most one per signature: that of the last size is kept, so that a series compiles once. */
internal class OpenEngines(
    private val model: ModelFile,
    private val bytes: ByteArray,
    private val engines: EngineFactory,
) : AutoCloseable {
    private class Opened(
        val engine: Engine,
        val size: PackedSize,
    )

    private val opened = HashMap<String, Opened>()

    /** The signature's engine, if it is open for this size. */
    fun find(
        signature: Signature,
        size: PackedSize,
    ): Engine? = opened[signature.name]?.takeIf { it.size == size }?.engine

    fun open(
        signature: Signature,
        size: PackedSize,
    ): Engine {
        opened.remove(signature.name)?.engine?.close()
        val engine = engines.open(model, bytes, signature, size)
        opened[signature.name] = Opened(engine, size)
        return engine
    }

    override fun close() {
        opened.values.forEach { it.engine.close() }
        opened.clear()
    }
}
