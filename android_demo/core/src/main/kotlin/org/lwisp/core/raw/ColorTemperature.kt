package org.lwisp.core.raw

import kotlin.math.hypot

/** CIE 1931 x, y of a light's white. */
data class WhitePoint(
    val x: Double,
    val y: Double,
)

/** An isotemperature line: reciprocal temperature in 1e-6/K; u, v on the Planckian locus; the line's slope. */
private class Isotherm(
    val mireds: Double,
    private val u: Double,
    private val v: Double,
    slope: Double,
) {
    private val length = hypot(1.0, slope)
    private val alongU = 1 / length
    private val alongV = slope / length

    /** Distance of a point of CIE 1960; its sign tells the side. */
    fun distance(
        u: Double,
        v: Double,
    ): Double = (v - this.v) * alongU - (u - this.u) * alongV
}

/** Wyszecki and Stiles, "Color Science" (2nd edition), table 1(3.11). */
private val ISOTHERMS =
    listOf(
        Isotherm(0.0, 0.18006, 0.26352, -0.24341),
        Isotherm(10.0, 0.18066, 0.26589, -0.25479),
        Isotherm(20.0, 0.18133, 0.26846, -0.26876),
        Isotherm(30.0, 0.18208, 0.27119, -0.28539),
        Isotherm(40.0, 0.18293, 0.27407, -0.30470),
        Isotherm(50.0, 0.18388, 0.27709, -0.32675),
        Isotherm(60.0, 0.18494, 0.28021, -0.35156),
        Isotherm(70.0, 0.18611, 0.28342, -0.37915),
        Isotherm(80.0, 0.18740, 0.28668, -0.40955),
        Isotherm(90.0, 0.18880, 0.28997, -0.44278),
        Isotherm(100.0, 0.19032, 0.29326, -0.47888),
        Isotherm(125.0, 0.19462, 0.30141, -0.58204),
        Isotherm(150.0, 0.19962, 0.30921, -0.70471),
        Isotherm(175.0, 0.20525, 0.31647, -0.84901),
        Isotherm(200.0, 0.21142, 0.32312, -1.0182),
        Isotherm(225.0, 0.21807, 0.32909, -1.2168),
        Isotherm(250.0, 0.22511, 0.33439, -1.4512),
        Isotherm(275.0, 0.23247, 0.33904, -1.7298),
        Isotherm(300.0, 0.24010, 0.34308, -2.0637),
        Isotherm(325.0, 0.24792, 0.34655, -2.4681),
        Isotherm(350.0, 0.25591, 0.34951, -2.9641),
        Isotherm(375.0, 0.26400, 0.35200, -3.5814),
        Isotherm(400.0, 0.27218, 0.35407, -4.3633),
        Isotherm(425.0, 0.28039, 0.35577, -5.3762),
        Isotherm(450.0, 0.28863, 0.35714, -6.7262),
        Isotherm(475.0, 0.29685, 0.35823, -8.5955),
        Isotherm(500.0, 0.30505, 0.35907, -11.324),
        Isotherm(525.0, 0.31320, 0.35968, -15.628),
        Isotherm(550.0, 0.32129, 0.36011, -23.325),
        Isotherm(575.0, 0.32931, 0.36038, -40.770),
        Isotherm(600.0, 0.33724, 0.36051, -116.45),
    )

/**
 * Colour temperature of a white point in kelvin, 1667 to 100,000; the nearest end beyond.
 *
 * Between Robertson's isotemperature lines (JOSA 58, 1968), as the Python runtime does.
 */
internal fun temperatureOfWhite(white: WhitePoint): Double {
    val below = -2 * white.x + 12 * white.y + 3
    val distances = ISOTHERMS.map { it.distance(4 * white.x / below, 6 * white.y / below) }
    // The sign changes between the two lines that enclose the point.
    val after = (1 until distances.size).firstOrNull { distances[it] <= 0 } ?: distances.lastIndex
    val low = maxOf(distances[after - 1], 0.0)
    val high = maxOf(-distances[after], 0.0)
    val share = if (low + high > 0) low / (low + high) else 0.0
    val start = ISOTHERMS[after - 1].mireds
    return 1e6 / maxOf(start + share * (ISOTHERMS[after].mireds - start), 10.0)
}
