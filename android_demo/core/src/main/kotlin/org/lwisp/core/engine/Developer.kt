package org.lwisp.core.engine

import org.lwisp.core.contract.ModelFile
import org.lwisp.core.picture.DistortedPicture
import org.lwisp.core.picture.PictureSink
import org.lwisp.core.picture.Rendering
import org.lwisp.core.picture.Tone
import org.lwisp.core.picture.ToneCurve
import org.lwisp.core.picture.distortionBytes
import org.lwisp.core.preprocess.Preparation
import org.lwisp.core.preprocess.PrepareOptions
import org.lwisp.core.raw.RawFrame
import org.lwisp.core.tile.FramePlan
import org.lwisp.core.tile.MemoryBudget
import org.lwisp.core.tile.planFrame

/** What a user chooses for one picture. */
class DevelopOptions(
    val prepare: PrepareOptions = PrepareOptions(),
    /** The picture's tone; null: as the model renders. */
    val tone: Tone? = null,
    /** Undo the lens's distortion and lateral colour, where the file says how. */
    val distortion: Boolean = true,
)

/** How a picture came about. */
class Developed(
    val time: TimeSplit,
    /** What really ran the model. */
    val backend: String,
    val plan: FramePlan,
    /** Stops applied: the user's and those the file asks for, or what its own light asked for. */
    val exposureEv: Double,
    /** For the user: what the chosen tone costs. */
    val notes: List<String>,
)

/** EXIF's orientation of a picture that isn't turned. */
private const val UPRIGHT = 1

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
        options: DevelopOptions = DevelopOptions(),
        report: (Progress) -> Unit = {},
    ): Developed {
        val warps = frame.corrections.warps.filter { options.distortion && it.moves }
        val planes = Preparation(frame, contract.input, options.prepare)
        val left = MemoryBudget(budget.processBytes - distortionBytes(frame, warps), budget.heapBytes)
        val plan = planFrame(planes.size, contract, left)
        val timer = StepTimer(report, clock, plan.runs)
        val tone = ToneCurve(contract.renderedTone, options.tone)
        return FrameRun(contract, plan, planes, engines, allocator, timer).use { run ->
            if (warps.isEmpty()) {
                val rendering = Rendering(contract.outputTensor, planes.visible, frame.orientation, tone)
                run.run { tile, output -> rendering.put(tile, output, picture) }
            } else {
                DistortedPicture(frame.mosaic.widthPx, frame.mosaic.heightPx, allocator).use { distorted ->
                    val rendering = Rendering(contract.outputTensor, planes.mosaicArea, UPRIGHT, tone)
                    run.run { tile, output -> rendering.put(tile, output, distorted) }
                    timer.timed(Step.STORE) { distorted.finish(frame, warps, picture) }
                }
            }
            Developed(
                timer.split(),
                run.backend,
                plan,
                planes.exposureEv,
                listOfNotNull(tone.note(contract.outputTensor)),
            )
        }
    }

    override fun close() = engines.close()
}
