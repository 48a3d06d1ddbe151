package org.lwisp.core.preprocess

import org.lwisp.core.raw.Area
import org.lwisp.core.raw.BadPixels
import org.lwisp.core.raw.Mosaic
import org.lwisp.core.raw.Placement
import kotlin.math.abs

/** Rows above and below a bad pixel that its replacement is taken from, itself in the middle. */
private val NEAR_ROWS = intArrayOf(-4, -2, 0, 2, 4)
private const val OWN = 2

/** Row and column steps from a site to one of a pair, opposite the other. The first of equal ones is used. */
private val PAIRS =
    intArrayOf(2, 4).flatMap { listOf(Pair(it, 0), Pair(0, it), Pair(it, it), Pair(it, -it)) }
private const val FAR = 1 shl 16
private const val NEITHER = 1 shl 20

/**
 * A mosaic without the pixels that its file calls bad, in whole numbers. A site's neighbours lie 2 and 4 px away in 8
 * directions; of the opposite pairs that are both good, the one whose two sites differ least gives its mean: edges are
 * followed. Not for several threads.
 */
internal class RepairedMosaic(
    private val mosaic: Mosaic,
    found: List<BadPixels>,
    placement: Placement,
) {
    private val sites = if (found.isEmpty()) null else BadSites(found, placement)
    private val rows = if (found.isEmpty()) emptyList() else NEAR_ROWS.map { MarkedRow(mosaic.widthPx) }

    /** As [Mosaic.readRow]. */
    fun readRow(
        index: Int,
        row: ShortArray,
    ) {
        mosaic.readRow(index, row)
        if (sites == null || !rows[OWN].mark(index, row, sites)) return
        for (near in NEAR_ROWS.indices) if (near != OWN) rows[near].read(index + NEAR_ROWS[near], mosaic, sites)
        for (column in 0 until mosaic.widthPx) {
            if (rows[OWN].bad[column]) row[column] = replacement(column).toShort()
        }
    }

    /** Without a pair of good sites the first good neighbour, the forward one of a pair first; else the own value. */
    private fun replacement(column: Int): Int {
        var best = NEITHER
        var mean = 0
        var single = -1
        PAIRS.forEachIndexed { index, (down, across) ->
            val ahead = good(down, column + across)
            val behind = good(-down, column - across)
            if (single < 0) single = if (ahead >= 0) ahead else behind
            val cost = abs(ahead - behind) + index / 4 * FAR
            if (ahead >= 0 && behind >= 0 && cost < best) {
                best = cost
                mean = (ahead + behind + 1) / 2
            }
        }
        if (best < NEITHER) return mean
        return if (single >= 0) single else rows[OWN].samples[column].toInt() and 0xffff
    }

    /** A neighbour's value; -1 where it's bad or outside. */
    private fun good(
        down: Int,
        column: Int,
    ): Int = rows[OWN + down / 2].good(column)
}

/** One row's samples, and which of them are bad. */
private class MarkedRow(
    private val widthPx: Int,
) {
    val samples = ShortArray(widthPx)
    val bad = BooleanArray(widthPx)
    private var isInside = false

    /** Takes a copy of the samples. Returns whether any is bad. */
    fun mark(
        index: Int,
        row: ShortArray,
        sites: BadSites,
    ): Boolean {
        row.copyInto(samples, 0, 0, widthPx)
        isInside = true
        bad.fill(false)
        return sites.mark(index, samples, bad)
    }

    fun read(
        index: Int,
        mosaic: Mosaic,
        sites: BadSites,
    ) {
        isInside = index in 0 until mosaic.heightPx
        if (!isInside) return
        mosaic.readRow(index, samples)
        bad.fill(false)
        sites.mark(index, samples, bad)
    }

    fun good(column: Int): Int =
        if (isInside && column in 0 until widthPx && !bad[column]) samples[column].toInt() and 0xffff else -1
}

/** The bad pixels of a mosaic, by row. */
private class BadSites(
    found: List<BadPixels>,
    private val placement: Placement,
) {
    private val constants = found.mapNotNull { it.constant }
    private val rectangles = found.flatMap { it.rectangles }
    private val columns: Map<Int, List<Int>> =
        found
            .flatMap { each -> (each.points.indices step 2).map { Pair(each.points[it], each.points[it + 1]) } }
            .groupBy({ it.first - placement.topPx }, { it.second - placement.leftPx })

    /** Marks a row's bad samples. Returns whether there are any. */
    fun mark(
        index: Int,
        samples: ShortArray,
        bad: BooleanArray,
    ): Boolean {
        for (constant in constants) {
            for (column in bad.indices) if (samples[column].toLong() and 0xffff == constant) bad[column] = true
        }
        columns[index]?.forEach { if (it in bad.indices) bad[it] = true }
        rectangles.forEach { mark(it, index, bad) }
        return bad.any { it }
    }

    private fun mark(
        rectangle: Area,
        index: Int,
        bad: BooleanArray,
    ) {
        if (index + placement.topPx - rectangle.topPx !in 0 until rectangle.heightPx) return
        val left = maxOf(rectangle.leftPx - placement.leftPx, 0)
        val right = minOf(rectangle.leftPx + rectangle.widthPx - placement.leftPx, bad.size)
        for (column in left until right) bad[column] = true
    }
}
