package org.lwisp.core.preprocess

import org.lwisp.core.raw.NoiseProfile
import org.lwisp.core.raw.RawFrame
import kotlin.math.floor
import kotlin.math.sqrt

/*
 * Noise estimated from a mosaic itself: blocks of 8x8 sites of one colour are split by the Haar transform. The blocks
 * that vary least but in their diagonal differences are taken as flat, and what those vary by is noise alone. A line
 * through the ranges of light gives shot and read noise. Whole numbers and sums in a stated order: equal mosaics give
 * the Python runtime's noise.
 */

/** Side of a block in sites of one colour. */
private const val BLOCK = 8

/** Blocks of each plane that are looked at, spread evenly over the frame. */
private const val MAX_BLOCKS = 1L shl 13

/** Ranges of light, equal in its square root. */
private const val RANGES = 24

/** One block in so many is taken as flat. */
private const val FLAT_SHARE = 32

/** Blocks that a range needs. */
private const val LEAST_FLAT = 16

/** A range whose variance is above the line by more than this factor holds nothing flat. */
private const val OUTLIER = 1.25
private const val ROUNDS = 8

/** A block on light in [0, 1]: variance of a site, and the energy of all else that varies. */
private class Block(
    val light: Double,
    val variance: Double,
    val texture: Double,
)

/** One range of light and the variance of its flat blocks. */
private data class Level(
    val light: Double,
    val variance: Double,
)

/** Shot and read noise of a frame, the same for all colours; null if no block is flat and unclipped. */
internal fun estimateNoise(frame: RawFrame): NoiseProfile? {
    val levels = flatLevels(frame.cfa.siteOrder().flatMap { blocks(frame, it) })
    if (levels.isEmpty()) return null
    val (shot, read) = fitLine(levels)
    return NoiseProfile(DoubleArray(3) { shot }, DoubleArray(3) { read })
}

/** Blocks of one site of the 2x2 cell; those that reach white or the sensor's zero are left out. */
private fun blocks(
    frame: RawFrame,
    site: Int,
): List<Block> {
    val rows = (frame.mosaic.heightPx - site / 2 + 1) / 2 / BLOCK
    val columns = (frame.mosaic.widthPx - site % 2 + 1) / 2 / BLOCK
    val step = generateSequence(1) { it + 1 }.first { rows.toLong() * columns <= MAX_BLOCKS * it * it }
    val lines = List(BLOCK) { ShortArray(frame.mosaic.widthPx) }
    val values = LongArray(BLOCK * BLOCK)
    val found = ArrayList<Block>()
    for (row in 0 until rows step step) {
        lines.forEachIndexed { at, line -> frame.mosaic.readRow(site / 2 + 2 * (BLOCK * row + at), line) }
        for (column in 0 until columns step step) {
            for (at in values.indices) {
                val x = site % 2 + 2 * (BLOCK * column + at % BLOCK)
                values[at] = lines[at / BLOCK][x].toLong() and 0xffff
            }
            if (values.max() < frame.whiteLevel && values.min() > 0) found += block(values, frame, site)
        }
    }
    return found
}

private fun block(
    values: LongArray,
    frame: RawFrame,
    site: Int,
): Block {
    val black = frame.blackLevel[site]
    val span = frame.whiteLevel - black
    var diagonal = 0L
    var other = 0L
    for (y in 0 until BLOCK step 2) {
        for (x in 0 until BLOCK step 2) {
            val at = y * BLOCK + x
            val (a, b) = Pair(values[at], values[at + 1])
            val (c, d) = Pair(values[at + BLOCK], values[at + BLOCK + 1])
            diagonal += square(a - b - c + d)
            other += square(a + b - c - d) + square(a - b + c - d) + square(a + b + c + d)
        }
    }
    val total = values.sum()
    val texture = (other - total * total / (BLOCK * BLOCK / 4)) / (span * span)
    val mean = total.toDouble() / (BLOCK * BLOCK)
    return Block((mean - black) / span, diagonal.toDouble() / (BLOCK * BLOCK) / (span * span), texture)
}

private fun square(value: Long): Long = value * value

/** The flat blocks' variance in each range of light that has enough of them. */
private fun flatLevels(blocks: List<Block>): List<Level> {
    val ranges = blocks.groupBy { minOf(floor(sqrt(maxOf(it.light, 0.0)) * RANGES), RANGES - 1.0).toInt() }
    return (0 until RANGES).mapNotNull { index ->
        val inside = ranges[index].orEmpty()
        val count = maxOf(inside.size / FLAT_SHARE, LEAST_FLAT)
        if (inside.size < count) return@mapNotNull null
        val flat = inside.sortedBy { it.texture }.take(count)
        Level(flat.sumOf { it.light } / count, flat.sumOf { it.variance } / count)
    }
}

/** Least squares of relative deviations, repeated without the levels that lie above the line by more than OUTLIER. */
private fun fitLine(levels: List<Level>): Pair<Double, Double> {
    var kept = levels
    var line = leastSquares(kept)
    for (round in 1 until ROUNDS) {
        val below = levels.filter { it.variance <= OUTLIER * (line.first * maxOf(it.light, 0.0) + line.second) }
        if (below.size < 2 || below == kept) break
        kept = below
        line = leastSquares(kept)
    }
    return line
}

/** The line by its normal equations; where a term would be negative, the other alone. */
private fun leastSquares(levels: List<Level>): Pair<Double, Double> {
    val sums = DoubleArray(5)
    for (level in levels) {
        val light = maxOf(level.light, 0.0)
        val variance = maxOf(level.variance, 1e-12)
        val weight = 1 / (variance * variance)
        sums[0] += weight * light * light
        sums[1] += weight * light
        sums[2] += weight * light * variance
        sums[3] += weight
        sums[4] += weight * variance
    }
    val (xx, x1, xy, ww, wy) = sums
    val determinant = xx * ww - x1 * x1
    if (determinant > 1e-9 * xx * ww) {
        val shot = (ww * xy - x1 * wy) / determinant
        val read = (xx * wy - x1 * xy) / determinant
        if (minOf(shot, read) >= 0) return Pair(shot, read)
        if (read < 0) return Pair(xy / xx, 0.0)
    }
    return Pair(0.0, wy / ww)
}
