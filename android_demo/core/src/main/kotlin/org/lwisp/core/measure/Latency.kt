package org.lwisp.core.measure

import kotlin.math.abs
import kotlin.math.floor

/** Percentiles of a series of runs, in milliseconds. */
data class LatencySummary(
    val runs: Int,
    val p50Ms: Double,
    val p90Ms: Double,
    val p99Ms: Double,
    /** Median absolute deviation. */
    val madMs: Double,
    val minMs: Double,
)

/** Summarises at least one sample. */
fun summarise(samplesMs: List<Double>): LatencySummary {
    require(samplesMs.isNotEmpty()) { "No run was timed; time at least one." }
    val median = percentile(samplesMs, 50.0)
    return LatencySummary(
        runs = samplesMs.size,
        p50Ms = median,
        p90Ms = percentile(samplesMs, 90.0),
        p99Ms = percentile(samplesMs, 99.0),
        madMs = percentile(samplesMs.map { abs(it - median) }, 50.0),
        minMs = samplesMs.min(),
    )
}

/** A percentile with linear interpolation between samples, as numpy's default. */
fun percentile(
    samples: List<Double>,
    percent: Double,
): Double {
    val sorted = samples.sorted()
    val place = (sorted.size - 1) * percent / 100
    val below = floor(place).toInt()
    val above = minOf(below + 1, sorted.size - 1)
    return sorted[below] + (sorted[above] - sorted[below]) * (place - below)
}
