package org.lwisp.core.engine

/** The parts of developing, in their order for each tile. */
enum class Step { PREPARE, LOAD, INFER, RENDER }

/** Where the work is. */
class Progress(
    val step: Step,
    /** From 1; 0 is the sample that the image-wide quantities are taken from. */
    val tile: Int,
    val tiles: Int,
)

/** Where the time of one picture went, in milliseconds of wall clock, all tiles together. */
data class TimeSplit(
    /** Loading and compiling the model; 0 if it was there already. */
    val loadMs: Double,
    /** Packing, levels, colour, curve and quantising. */
    val prepareMs: Double,
    /** The model: the context's run and every tile's. */
    val inferenceMs: Double,
    /** To 8 bits, cropped, stitched and turned upright. */
    val renderMs: Double,
)

/** Tells what is being done and adds up how long it takes. */
internal class Work(
    private val report: (Progress) -> Unit,
    private val clock: () -> Long,
    private val tiles: Int,
) {
    private val sumsNs = LongArray(Step.entries.size)
    private var tile = 0

    fun next() {
        tile++
    }

    fun <T> timed(
        step: Step,
        part: () -> T,
    ): T {
        report(Progress(step, tile, tiles))
        val start = clock()
        return part().also { sumsNs[step.ordinal] += clock() - start }
    }

    fun split() = TimeSplit(ms(Step.LOAD), ms(Step.PREPARE), ms(Step.INFER), ms(Step.RENDER))

    private fun ms(step: Step) = sumsNs[step.ordinal] / 1e6
}
