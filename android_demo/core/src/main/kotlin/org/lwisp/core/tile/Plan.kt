package org.lwisp.core.tile

import org.lwisp.core.MemoryException
import org.lwisp.core.contract.ElementType
import org.lwisp.core.contract.ModelContract
import org.lwisp.core.raw.PackedSize

/** What developing one frame may take, beside the frame and its picture. */
class MemoryBudget(
    /** By the runtime, outside the heap. */
    val runBytes: Long,
    /** On the heap of the virtual machine. */
    val heapBytes: Long,
)

/** What the runtime takes for a run of any size (packed weights, stacks), and per packed pixel of its input. */
private class RunCost(
    val bytes: Long,
    val contextBytesPerPx: Long,
    val developBytesPerPx: Long,
)

/** Measured on a desktop's CPU (LiteRT 2.3, x86-64); most of it is a pointer per tap of each convolution and pixel. */
private val RUN_COSTS = mapOf("int8" to RunCost(20_000_000, 400, 1340))
private val FLOAT_RUN_COST = RunCost(40_000_000, 600, 1860)

/** Tiles along a side that are considered. */
private const val MOST_CUTS = 64

/**
 * The tiles with the least work that keep within a budget: the whole frame where it fits.
 *
 * frame: sides multiples of the contract's. Raises [MemoryException] if not even the smallest tiles fit.
 */
fun planTiles(
    frame: PackedSize,
    contract: ModelContract,
    budget: MemoryBudget,
): TilePlan {
    val multiple = contract.input.sizeMultiple
    val halo = roundedUp(contract.haloPx, multiple)
    val widths = tileSides(frame.widthPx, halo, multiple)
    val heights = tileSides(frame.heightPx, halo, multiple)
    val limit = mostPx(contract, budget)
    val sizes = widths.flatMap { width -> heights.map { PackedSize(width, it) } }
    return sizes
        .filter { it.px <= limit }
        .map { TilePlan(it, splitSide(frame.heightPx, it.heightPx, halo), splitSide(frame.widthPx, it.widthPx, halo)) }
        .minByOrNull { it.px }
        ?: throw tooLarge(frame, contract, sizes.minOf { it.px }, budget)
}

/** What the runtime takes for a tile of this many packed pixels, the context's run included. */
fun runBytes(
    contract: ModelContract,
    tilePx: Long,
): Long = fixedBytes(contract) + tilePx * cost(contract).developBytesPerPx

/** The largest tile, in packed pixels. */
private fun mostPx(
    contract: ModelContract,
    budget: MemoryBudget,
): Long =
    minOf(
        (budget.runBytes - fixedBytes(contract)) / cost(contract).developBytesPerPx,
        budget.heapBytes / heapBytesPerPx(contract),
    )

private fun tooLarge(
    frame: PackedSize,
    contract: ModelContract,
    leastPx: Long,
    budget: MemoryBudget,
): MemoryException {
    val needed = runBytes(contract, leastPx)
    if (needed > budget.runBytes) return MemoryException(frame, needed, budget.runBytes)
    return MemoryException(frame, leastPx * heapBytesPerPx(contract), budget.heapBytes)
}

private fun fixedBytes(contract: ModelContract): Long {
    val side = contract.context.grid.toLong() * contract.context.cropPx
    return 2 * cost(contract).bytes + side * side * cost(contract).contextBytesPerPx
}

/** A tile's planes, its input and output in the model's type, and its part of the picture. */
private fun heapBytesPerPx(contract: ModelContract): Int {
    val values = contract.outputScale * contract.outputScale
    val input = if (contract.inputTensor.type == ElementType.INT8) 4 else 0
    val output = 3 * values * if (contract.outputTensor.type == ElementType.INT8) 1 else 4
    return 4 * 4 + input + output + 4 * values
}

private fun cost(contract: ModelContract) = RUN_COSTS[contract.precision] ?: FLOAT_RUN_COST

/** For each number of tiles, the smallest side that still covers the frame. */
private fun tileSides(
    sidePx: Int,
    haloPx: Int,
    multiple: Int,
): List<Int> =
    (1..MOST_CUTS)
        .map { count -> roundedUp((sidePx + (count - 1) * 2 * haloPx + count - 1) / count, multiple) }
        .filter { it == sidePx || it in 2 * haloPx + 1 until sidePx }
        .distinct()

private fun roundedUp(
    value: Int,
    multiple: Int,
): Int = (value + multiple - 1) / multiple * multiple
