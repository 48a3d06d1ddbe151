package org.lwisp.core.dng

import org.lwisp.core.RawException

private const val BLACK_DIMENSIONS = 50713
private const val BLACK = 50714
private const val BLACK_BY_COLUMN = 50715
private const val BLACK_BY_ROW = 50716
private const val WHITE = 50717
private const val WHITE_OF_16_BITS = 65535.0

/** The lowest level that saturates. */
internal fun whiteLevel(raw: Directory): Double = raw.numbers(WHITE).minOrNull() ?: WHITE_OF_16_BITS

/**
 * Black per site of the mosaic's cell, row by row: the pattern's, and the mean of its changes by row and column. Both
 * begin at the active area's top left. A linear file has a level per colour.
 */
internal fun blackLevels(
    raw: Directory,
    sensor: SensorArea,
): DoubleArray {
    val pattern = pattern(raw, sensor)
    val byRow = halves(raw, BLACK_BY_ROW)
    val byColumn = halves(raw, BLACK_BY_COLUMN)
    return DoubleArray(4) { maxOf(pattern[it] + byRow[it / 2] + byColumn[it % 2], 0.0) }
}

/** Of a pattern larger than the cell, the mean per site. */
private fun pattern(
    raw: Directory,
    sensor: SensorArea,
): DoubleArray {
    val samples = if (sensor.isLinear) 3 else 1
    val levels = raw.numbers(BLACK).ifEmpty { List(samples) { 0.0 } }
    val repeat = raw.numbers(BLACK_DIMENSIONS).ifEmpty { listOf(1.0, 1.0) }.map { it.toInt() }
    val isWhole =
        repeat.size == 2 && repeat.min() > 0 && repeat[0].toLong() * repeat[1] * samples == levels.size.toLong()
    if (!isWhole) {
        throw RawException("The DNG's BlackLevel has ${levels.size} values for $repeat rows and columns. Convert it.")
    }
    val (rows, columns) = repeat
    return DoubleArray(4) { site ->
        val down = (site / 2 % rows until rows step if (maxOf(rows, columns) > 2) 2 else rows)
        val across = (site % 2 % columns until columns step if (maxOf(rows, columns) > 2) 2 else columns)
        val sample = if (sensor.isLinear) "RGB".indexOf(sensor.cfa.name[site]) else 0
        down.flatMap { row -> across.map { levels[(row * columns + it) * samples + sample] } }.average()
    }
}

/** Means of a tag's values for even rows (or columns) and for odd ones. */
private fun halves(
    raw: Directory,
    tag: Int,
): DoubleArray {
    val changes = raw.numbers(tag).ifEmpty { listOf(0.0) }
    return DoubleArray(2) { phase ->
        changes.filterIndexed { index, _ -> index % 2 == phase || changes.size <= phase }.average()
    }
}
