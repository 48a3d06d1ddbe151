package org.lwisp.core.engine

import org.lwisp.core.contract.ModelFile
import org.lwisp.core.contract.SignatureContract
import org.lwisp.core.raw.PackedSize
import org.lwisp.core.tile.FramePlan

/** Engines of one model, at most one per signature: of the last size, so that a series compiles each once. */
internal class OpenEngines(
    private val model: ModelFile,
    private val bytes: ByteArray,
    private val factory: EngineFactory,
) : AutoCloseable {
    private class Opened(
        val engine: Engine,
        val size: PackedSize,
    )

    private val opened = HashMap<String, Opened>()

    /** The signature's engine, if it is open for this size. */
    fun find(
        signature: SignatureContract,
        size: PackedSize,
    ): Engine? = opened[signature.name]?.takeIf { it.size == size }?.engine

    fun open(
        signature: SignatureContract,
        size: PackedSize,
    ): Engine {
        close(signature.name)
        val engine = factory.open(model, bytes, signature, size)
        opened[signature.name] = Opened(engine, size)
        return engine
    }

    /** Closes what a plan has no room for: all engines, or all but the sample's and those that it runs. */
    fun closeUnused(plan: FramePlan) {
        if (!plan.keepsOpen) return close()
        val sizes = plan.stages.associate { it.signature.name to it.tile }
        val sample = model.contract.sample.name
        opened.filter { (name, open) -> name != sample && sizes[name] != open.size }.keys.forEach(::close)
    }

    override fun close() = opened.keys.toList().forEach(::close)

    private fun close(name: String) {
        opened.remove(name)?.engine?.close()
    }
}
