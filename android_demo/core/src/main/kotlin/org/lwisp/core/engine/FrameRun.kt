package org.lwisp.core.engine

import org.lwisp.core.context.contextSample
import org.lwisp.core.contract.ModelContract
import org.lwisp.core.contract.SignatureContract
import org.lwisp.core.contract.TensorSpec
import org.lwisp.core.preprocess.Preparation
import org.lwisp.core.raw.PackedSize
import org.lwisp.core.tile.FramePlan
import org.lwisp.core.tile.Tile
import org.lwisp.core.tile.TilePlan
import org.lwisp.core.tile.liveFeatures

/** One frame on its way through the model: its image-wide tensors, and the features that a later stage still reads. */
internal class FrameRun(
    private val contract: ModelContract,
    private val plan: FramePlan,
    private val planes: Preparation,
    private val engines: OpenEngines,
    private val allocator: FeatureAllocator,
    private val timer: StepTimer,
) : AutoCloseable {
    private val features = LinkedHashMap<TensorSpec, FeatureBuffer>()
    private val backends = LinkedHashMap<String, String>()
    private var imageWide = emptyMap<String, Tensor>()

    /** What ran the signatures: one answer if it is the same for all. */
    val backend: String
        get() {
            val names = backends.keys.groupBy { backends.getValue(it) }
            return names.keys.singleOrNull()
                ?: names.map { "${it.key} (${it.value.joinToString()})" }.joinToString("; ")
        }

    /** Runs the plan. put: takes a tile's output, which is the picture's. */
    fun run(put: (Tile, Tensor) -> Unit) {
        engines.closeUnused(plan)
        imageWide = sample()
        plan.stages.forEachIndexed { index, stage ->
            runStage(stage, put)
            if (!plan.keepsOpen) engines.close()
            freeUnread(index + 1)
        }
    }

    override fun close() {
        features.values.forEach(FeatureBuffer::close)
        features.clear()
    }

    private fun sample(): Map<String, Tensor> {
        val (size, input) =
            timer.timed(Step.PREPARE) {
                val sample = contextSample(planes, contract.context, contract.input.sizeMultiple)
                Pair(sample.size, quantize(sample.planes, contract.inputTensor))
            }
        val result = infer(contract.sample, size, mapOf(contract.inputTensor.name to input))
        if (!plan.keepsOpen) engines.close()
        return result
    }

    private fun runStage(
        stage: TilePlan,
        put: (Tile, Tensor) -> Unit,
    ) {
        val results = stage.signature.outputs
        for (spec in results - contract.outputTensor) features[spec] = FeatureBuffer(spec, plan.frame, allocator)
        for (tile in stage.tiles()) {
            timer.nextTile()
            val inputs = timer.timed(Step.PREPARE) { stage.signature.inputs.associate { it.name to input(it, tile) } }
            val outputs = infer(stage.signature, stage.tile, inputs)
            timer.timed(Step.STORE) { results.forEach { store(it, tile, outputs.getValue(it.name), put) } }
        }
    }

    private fun input(
        spec: TensorSpec,
        tile: Tile,
    ): Tensor =
        when {
            spec.imageWide -> imageWide.getValue(spec.name)
            spec == contract.inputTensor -> quantize(planes.planes(tile.input), spec)
            else -> features.getValue(spec).cut(tile)
        }

    private fun store(
        spec: TensorSpec,
        tile: Tile,
        output: Tensor,
        put: (Tile, Tensor) -> Unit,
    ) = if (spec == contract.outputTensor) put(tile, output) else features.getValue(spec).keep(tile, output)

    private fun infer(
        signature: SignatureContract,
        size: PackedSize,
        inputs: Map<String, Tensor>,
    ): Map<String, Tensor> {
        val engine = engines.find(signature, size) ?: timer.timed(Step.LOAD) { engines.open(signature, size) }
        backends[signature.name] = engine.backend
        return timer.timed(Step.INFER) { engine.run(inputs) }
    }

    /** Frees the features that no stage from this one on reads. */
    private fun freeUnread(stage: Int) {
        val live = if (stage < plan.stages.size) liveFeatures(plan.stages.map { it.signature }, stage) else emptyList()
        (features.keys - live).forEach { features.remove(it)?.close() }
    }
}
