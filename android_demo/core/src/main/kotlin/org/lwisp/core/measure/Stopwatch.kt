package org.lwisp.core.measure

/** Laps in milliseconds of a monotonic clock in nanoseconds. */
internal class Stopwatch(
    private val clock: () -> Long,
) {
    private var last = clock()

    fun lapMs(): Double {
        val now = clock()
        return ((now - last) / 1e6).also { last = now }
    }
}
