package org.lwisp.core.raw

import kotlin.math.hypot

/** A white point, CIE 1931 x, y. */
internal data class WhitePoint(
    val x: Double,
    val y: Double,
) {
    /** CIE XYZ with Y = 1. */
    val xyz get() = doubleArrayOf(x / y, 1.0, (1 - x - y) / y)
}

/**
 * Correlated colour temperature in kelvin, 1667 to 100 000, by Robertson's isotemperature lines: A. R. Robertson,
 * "Computation of Correlated Color Temperature and Distribution Temperature", JOSA 58 (1968).
 */
internal fun temperatureK(white: WhitePoint): Double {
    val below = -2 * white.x + 12 * white.y + 3
    val (u, v) = Pair(4 * white.x / below, 6 * white.y / below)
    // The distance from each line; its sign changes between the two lines that enclose the point.
    val distances = DoubleArray(MIREDS.size) { (v - V[it] - SLOPE[it] * (u - U[it])) / hypot(1.0, SLOPE[it]) }
    val after = (1 until MIREDS.size).firstOrNull { distances[it] <= 0 } ?: MIREDS.lastIndex
    val (low, high) = Pair(maxOf(distances[after - 1], 0.0), maxOf(-distances[after], 0.0))
    val share = if (low + high > 0) low / (low + high) else 0.0
    return 1e6 / maxOf(MIREDS[after - 1] + share * (MIREDS[after] - MIREDS[after - 1]), 10.0)
}

/** Of each line, its reciprocal temperature in 1e-6 / K; then CIE 1960 u, v of its end on the Planckian locus. */
private val MIREDS =
    doubleArrayOf(
        0.0,
        10.0,
        20.0,
        30.0,
        40.0,
        50.0,
        60.0,
        70.0,
        80.0,
        90.0,
        100.0,
        125.0,
        150.0,
        175.0,
        200.0,
        225.0,
        250.0,
        275.0,
        300.0,
        325.0,
        350.0,
        375.0,
        400.0,
        425.0,
        450.0,
        475.0,
        500.0,
        525.0,
        550.0,
        575.0,
        600.0,
    )
private val U =
    doubleArrayOf(
        0.18006,
        0.18066,
        0.18133,
        0.18208,
        0.18293,
        0.18388,
        0.18494,
        0.18611,
        0.18740,
        0.18880,
        0.19032,
        0.19462,
        0.19962,
        0.20525,
        0.21142,
        0.21807,
        0.22511,
        0.23247,
        0.24010,
        0.24792,
        0.25591,
        0.26400,
        0.27218,
        0.28039,
        0.28863,
        0.29685,
        0.30505,
        0.31320,
        0.32129,
        0.32931,
        0.33724,
    )
private val V =
    doubleArrayOf(
        0.26352,
        0.26589,
        0.26846,
        0.27119,
        0.27407,
        0.27709,
        0.28021,
        0.28342,
        0.28668,
        0.28997,
        0.29326,
        0.30141,
        0.30921,
        0.31647,
        0.32312,
        0.32909,
        0.33439,
        0.33904,
        0.34308,
        0.34655,
        0.34951,
        0.35200,
        0.35407,
        0.35577,
        0.35714,
        0.35823,
        0.35907,
        0.35968,
        0.36011,
        0.36038,
        0.36051,
    )

/** Of each line, dv / du. */
private val SLOPE =
    doubleArrayOf(
        -0.24341,
        -0.25479,
        -0.26876,
        -0.28539,
        -0.30470,
        -0.32675,
        -0.35156,
        -0.37915,
        -0.40955,
        -0.44278,
        -0.47888,
        -0.58204,
        -0.70471,
        -0.84901,
        -1.0182,
        -1.2168,
        -1.4512,
        -1.7298,
        -2.0637,
        -2.4681,
        -2.9641,
        -3.5814,
        -4.3633,
        -5.3762,
        -6.7262,
        -8.5955,
        -11.324,
        -15.628,
        -23.325,
        -40.770,
        -116.45,
    )
