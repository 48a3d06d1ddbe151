package org.lwisp.core.tile

import org.lwisp.core.MemoryException
import org.lwisp.core.contract.ModelContract
import org.lwisp.core.contract.SignatureContract
import org.lwisp.core.raw.PackedSize

/** Tiles along a side that are considered. */
private const val MOST_TILES = 64

/** Of tiles with at most this many times the least work, those that take the least memory are chosen. */
private const val WORK_TOLERANCE = 1.02

/** The runs that develop one frame. */
class FramePlan(
    val frame: PackedSize,
    /** One tile of `develop`, or each of the contract's stages over its own tiles. */
    val stages: List<TilePlan>,
    /** Multiply-adds of all runs, halos included, over those of the frame whole. */
    val workFactor: Double,
    /** Estimate of the peak, as [MemoryBudget.processBytes] counts. */
    val peakBytes: Long,
    /** Whether the budget has room for the engines of all stages at once, so that the next frame finds them open. */
    val keepsOpen: Boolean,
) {
    val isWhole: Boolean get() = runs == 1

    /** Runs of the model, the sample's not counted. */
    val runs: Int get() = stages.sumOf { it.count }
}

/**
 * The frame whole if it fits into a budget, else the contract's stages, each over the tiles of least work that fit.
 *
 * frame: sides multiples of the contract's. Raises [MemoryException] if not even the smallest tiles fit.
 */
fun planFrame(
    frame: PackedSize,
    contract: ModelContract,
    budget: MemoryBudget,
): FramePlan {
    val whole = Planner(frame, contract, listOf(contract.develop), budget)
    return whole.plan { whole.wholeFrame(it) } ?: Planner(frame, contract, contract.stages, budget).planTiles()
}

private class Planner(
    private val frame: PackedSize,
    private val contract: ModelContract,
    private val stages: List<SignatureContract>,
    private val budget: MemoryBudget,
) {
    private val memory = MemoryModel(contract, frame, stages)

    fun planTiles(): FramePlan = plan(::cheapestTiles) ?: throw tooLarge()

    /** A plan with each stage's tiles as `choose` gives them; null if a stage has none that fit. */
    fun plan(choose: (Int) -> TilePlan?): FramePlan? {
        if (!sampleFits()) return null
        val tiles = stages.indices.map { choose(it) ?: return null }
        val runs = tiles.map { (it.tile.px * memory.runBytesPerPx(it.signature)).toLong() }
        val beside = stages.indices.map(memory::beside)
        // The sample's engine and those of all stages, of which one is in `beside` already.
        val together = beside.max() + stages.size * contract.interpreterBytes + memory.sampleBytes() + runs.sum()
        val work = tiles.sumOf { it.macs } / (frame.px * contract.develop.macsPerPackedPx)
        if (together <= budget.processBytes) return FramePlan(frame, tiles, work, together, keepsOpen = true)
        val peak = maxOf(sampleBytes(), beside.zip(runs, Long::plus).max())
        return FramePlan(frame, tiles, work, peak, keepsOpen = false)
    }

    fun wholeFrame(stage: Int): TilePlan? = layTiles(frame, stages[stage], frame).takeIf { it.tile.px <= mostPx(stage) }

    private fun cheapestTiles(stage: Int): TilePlan? {
        val limit = mostPx(stage)
        val fitting = candidates(stages[stage]).filter { it.tile.px <= limit }
        val least = fitting.minOfOrNull { it.macs } ?: return null
        return fitting.filter { it.macs <= WORK_TOLERANCE * least }.minByOrNull { it.tile.px }
    }

    /** The largest tile of a stage, in packed pixels. */
    private fun mostPx(stage: Int): Double =
        minOf(
            (budget.processBytes - memory.beside(stage)) / memory.runBytesPerPx(stages[stage]),
            budget.heapBytes / memory.heapBytesPerPx(stages[stage]),
        )

    private fun sampleFits() = sampleBytes() <= budget.processBytes

    private fun sampleBytes() = memory.beside(0) + memory.sampleBytes()

    private fun candidates(signature: SignatureContract): List<TilePlan> {
        val (rows, columns) =
            listOf(frame.heightPx, frame.widthPx).map { sidePx ->
                tileSides(sidePx, signature).map { Pair(it, splitSide(sidePx, it, signature.haloPx)) }
            }
        return rows.flatMap { (height, spans) ->
            columns.map { (width, across) -> TilePlan(signature, PackedSize(width, height), spans, across) }
        }
    }

    private fun tooLarge(): MemoryException {
        val least = stages.map { stage -> candidates(stage).minOf { it.tile.px } }
        val runs = stages.indices.map { memory.beside(it) + least[it] * memory.runBytesPerPx(stages[it]) }
        val needed = maxOf(sampleBytes(), Math.ceil(runs.max()).toLong())
        if (needed > budget.processBytes) return MemoryException(frame, needed, budget.processBytes)
        val heap = stages.indices.maxOf { least[it] * memory.heapBytesPerPx(stages[it]) }
        return MemoryException(frame, Math.ceil(heap).toLong(), budget.heapBytes)
    }
}

/** For each number of tiles, the smallest side that still covers the frame. */
private fun tileSides(
    sidePx: Int,
    signature: SignatureContract,
): List<Int> {
    val halos = 2 * signature.haloPx
    return (1..MOST_TILES)
        .map { count -> roundedUp(roundedUp(sidePx + (count - 1) * halos, count) / count, signature.multiplePx) }
        .filter { it == sidePx || it in halos + 1 until sidePx }
        .distinct()
}

private fun roundedUp(
    value: Int,
    multiple: Int,
): Int = (value + multiple - 1) / multiple * multiple
