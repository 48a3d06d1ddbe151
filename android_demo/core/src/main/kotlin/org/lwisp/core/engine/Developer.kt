package org.lwisp.core.engine

import org.lwisp.core.contract.ModelFile
import org.lwisp.core.measure.Stopwatch
import org.lwisp.core.picture.Picture
import org.lwisp.core.picture.render
import org.lwisp.core.raw.Packed
import org.lwisp.core.raw.RawFrame
import org.lwisp.core.raw.prepare

/** Where the time of one picture went, in milliseconds of wall clock. */
data class TimeSplit(
    /** Loading and compiling the model; 0 if it was there already. */
    val loadMs: Double,
    /** Packing, levels, colour, curve and quantising. */
    val prepareMs: Double,
    val inferenceMs: Double,
    /** To 8 bits, cropped and turned upright. */
    val renderMs: Double,
)

/** A developed picture and how it came about. */
class Developed(
    val picture: Picture,
    val time: TimeSplit,
    val backend: String,
    val size: PackedSize,
)

/**
 * Develops RAW frames with one model. Keeps the engine of the last frame's size, so that a series compiles once.
 * One thread at a time.
 */
class Developer(
    private val model: ModelFile,
    bytes: ByteArray,
    private val engines: EngineFactory,
    private val clock: () -> Long = System::nanoTime,
) : AutoCloseable {
    private val bytes = model.checked(bytes)
    private var engine: Engine? = null
    private var engineSize: PackedSize? = null

    /**
     * Develops one frame whole. step: called before each part, with its name; may throw to stop the work.
     */
    fun develop(
        frame: RawFrame,
        exposureEv: Double = 0.0,
        step: (Step) -> Unit = {},
    ): Developed {
        val watch = Stopwatch(clock)
        step(Step.PREPARE)
        val packed = prepare(frame, model.contract.input, exposureEv)
        val input = quantise(packed.planes, model.contract.inputTensor)
        val prepareMs = watch.lapMs()
        step(Step.LOAD)
        val (engine, loadMs) = engineOf(packed, watch)
        step(Step.INFER)
        watch.lapMs()
        val output = engine.run(input)
        val inferenceMs = watch.lapMs()
        step(Step.RENDER)
        watch.lapMs()
        val picture = render(output, model.contract, packed, frame.orientation)
        val time = TimeSplit(loadMs, prepareMs, inferenceMs, watch.lapMs())
        return Developed(picture, time, engine.backend, PackedSize(packed.widthPx, packed.heightPx))
    }

    override fun close() {
        engine?.close()
        engine = null
    }

    private fun engineOf(
        packed: Packed,
        watch: Stopwatch,
    ): Pair<Engine, Double> {
        val size = PackedSize(packed.widthPx, packed.heightPx)
        engine?.takeIf { engineSize == size }?.let { return Pair(it, 0.0) }
        close()
        watch.lapMs()
        val opened = engines.open(model, bytes, size)
        engine = opened
        engineSize = size
        return Pair(opened, watch.lapMs())
    }
}

/** The parts of developing, in their order. */
enum class Step { PREPARE, LOAD, INFER, RENDER }
