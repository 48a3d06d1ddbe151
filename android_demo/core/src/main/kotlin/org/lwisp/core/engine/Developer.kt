package org.lwisp.core.engine

import org.lwisp.core.context.contextSample
import org.lwisp.core.contract.ModelFile
import org.lwisp.core.contract.Signature
import org.lwisp.core.picture.PictureSink
import org.lwisp.core.picture.Rendering
import org.lwisp.core.raw.PackedSize
import org.lwisp.core.raw.Preparation
import org.lwisp.core.raw.RawFrame
import org.lwisp.core.tile.MemoryBudget
import org.lwisp.core.tile.Tile
import org.lwisp.core.tile.TilePlan
import org.lwisp.core.tile.planTiles

/** How a picture came about. */
class Developed(
    val time: TimeSplit,
    val backend: String,
    val size: PackedSize,
    /** The tiles that were run: one, of the frame's size, where the frame was run whole. */
    val plan: TilePlan,
)

/**
 * Develops RAW frames of any size with one model: the image-wide quantities from a sample of the frame, then the frame
 * whole or in tiles, by what memory there is. Tiles give the whole frame's picture, in INT8 bit for bit.
 * One thread at a time.
 */
class Developer(
    private val model: ModelFile,
    bytes: ByteArray,
    engines: EngineFactory,
    private val clock: () -> Long = System::nanoTime,
) : AutoCloseable {
    private val contract = model.contract
    private val engines = OpenEngines(model, model.checked(bytes), engines)

    /**
     * Develops one frame into `picture`, whose sides are [RawFrame.uprightSize].
     *
     * report: called before each part of the work; may throw to stop it. Raises [org.lwisp.core.LwispException].
     */
    fun develop(
        frame: RawFrame,
        picture: PictureSink,
        budget: MemoryBudget,
        exposureEv: Double = 0.0,
        report: (Progress) -> Unit = {},
    ): Developed {
        val planes = Preparation(frame, contract.input, exposureEv)
        val plan = planTiles(planes.size, contract, budget)
        val work = Work(report, clock, plan.count)
        val context = context(planes, work)
        val rendering = Rendering(contract, planes.visible, frame.orientation)
        plan.tiles().forEach { tile ->
            work.next()
            val output = develop(planes, tile, context, work)
            work.timed(Step.RENDER) { rendering.put(tile, output, picture) }
        }
        val engine = checkNotNull(engines.find(contract.developSignature, plan.tile)) { "A plan has a tile." }
        return Developed(work.split(), engine.backend, planes.size, plan)
    }

    override fun close() = engines.close()

    private fun context(
        planes: Preparation,
        work: Work,
    ): Map<String, Tensor> {
        val (size, input) =
            work.timed(Step.PREPARE) {
                val sample = contextSample(planes, contract.context, contract.input.sizeMultiple)
                Pair(sample.size, quantise(sample.planes, contract.inputTensor))
            }
        return run(contract.contextSignature, size, mapOf(contract.inputTensor.name to input), work)
    }

    private fun develop(
        planes: Preparation,
        tile: Tile,
        context: Map<String, Tensor>,
        work: Work,
    ): Tensor {
        val input = work.timed(Step.PREPARE) { quantise(planes.planes(tile.input), contract.inputTensor) }
        val size = PackedSize(tile.input.widthPx, tile.input.heightPx)
        val inputs = context + (contract.inputTensor.name to input)
        return run(contract.developSignature, size, inputs, work).getValue(contract.outputTensor.name)
    }

    private fun run(
        signature: Signature,
        size: PackedSize,
        inputs: Map<String, Tensor>,
        work: Work,
    ): Map<String, Tensor> {
        val engine = engines.find(signature, size) ?: work.timed(Step.LOAD) { engines.open(signature, size) }
        return work.timed(Step.INFER) { engine.run(inputs) }
    }
}
