package org.lwisp.core.engine

/** The parts of developing, in their order for each tile. */
enum class Step { PREPARE, LOAD, INFER, STORE }

/** Where the work is. */
class Progress(
    val step: Step,
    /** From 1, over the tiles of all stages; 0 is the sample that the image-wide tensors are taken from. */
    val tile: Int,
    val tiles: Int,
)

/** Where the time of one picture went, in milliseconds of wall clock, all tiles together. */
data class TimeSplit(
    /** Loading and compiling the model; 0 if its engines were open already. */
    val loadMs: Double,
    /** Packing, levels, colour, curve and quantizing; cutting tiles out of features. */
    val prepareMs: Double,
    /** The model: the sample's run and every tile's. */
    val inferenceMs: Double,
    /** Storing features; converting the picture to 8 bits, cropping, stitching and turning it upright. */
    val storeMs: Double,
)

/** Reports each step before it is taken, and adds up how long it takes. */
internal class StepTimer(
    private val report: (Progress) -> Unit,
    private val clock: () -> Long,
    private val tiles: Int,
) {
    private val sumsNs = LongArray(Step.entries.size)
    private var tile = 0

    fun nextTile() {
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

    fun split() = TimeSplit(ms(Step.LOAD), ms(Step.PREPARE), ms(Step.INFER), ms(Step.STORE))

    private fun ms(step: Step) = sumsNs[step.ordinal] / 1e6
}
