package org.lwisp.core.engine

import org.lwisp.core.contract.ModelFile
import org.lwisp.core.picture.PictureSink
import org.lwisp.core.picture.Rendering
import org.lwisp.core.preprocess.Preparation
import org.lwisp.core.preprocess.PrepareOptions
import org.lwisp.core.raw.RawFrame
import org.lwisp.core.tile.FramePlan
import org.lwisp.core.tile.MemoryBudget
import org.lwisp.core.tile.planFrame

/** How a picture came about. */
class Developed(
    val time: TimeSplit,
    /** What really ran the model. */
    val backend: String,
    val plan: FramePlan,
)

/**
 * Develops RAW frames of any size with one model: the image-wide tensors from a sample of the frame, then the frame
 * whole or by the contract's stages in tiles, by what memory there is. Tiles give the whole frame's picture, in INT8
 * bit for bit. One thread at a time.
 */
class Developer(
    model: ModelFile,
    bytes: ByteArray,
    engines: EngineFactory,
    private val allocator: FeatureAllocator,
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
        val planes = Preparation(frame, contract.input, PrepareOptions(exposureEv))
        val plan = planFrame(planes.size, contract, budget)
        val rendering = Rendering(contract.outputTensor, planes.visible, frame.orientation)
        val timer = StepTimer(report, clock, plan.runs)
        return FrameRun(contract, plan, planes, engines, allocator, timer).use { run ->
            run.run { tile, output -> rendering.put(tile, output, picture) }
            Developed(timer.split(), run.backend, plan)
        }
    }

    override fun close() = engines.close()
}
