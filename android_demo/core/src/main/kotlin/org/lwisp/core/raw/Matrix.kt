package org.lwisp.core.raw

import org.lwisp.core.RawException
import kotlin.math.abs

/** Linear sRGB (D65) to CIE XYZ, IEC 61966-2-1. */
internal val SRGB_TO_XYZ =
    doubleArrayOf(0.4124564, 0.3575761, 0.1804375, 0.2126729, 0.7151522, 0.0721750, 0.0193339, 0.1191920, 0.9503041)

/** The identity, row by row, in the arithmetic of the pixels. */
fun identity3(): FloatArray = floatArrayOf(1f, 0f, 0f, 0f, 1f, 0f, 0f, 0f, 1f)

/** Scales each row to sum to 1, so that white stays white. Raises [RawException] if a sum is near 0. */
fun unitRows(matrix: DoubleArray): DoubleArray {
    val sums = DoubleArray(3) { matrix[3 * it] + matrix[3 * it + 1] + matrix[3 * it + 2] }
    if (!sums.all { abs(it) >= 1e-3 && abs(it) < Double.POSITIVE_INFINITY }) {
        throw RawException("The colour matrix has rows summing to ${sums.joinToString()}; white can't be kept.")
    }
    return DoubleArray(9) { matrix[it] / sums[it / 3] }
}

/** White-balanced camera RGB to linear sRGB, from a DNG's XYZ-to-camera matrix. Raises [RawException] if singular. */
internal fun cameraToSrgb(xyzToCamera: DoubleArray): DoubleArray {
    val srgbToCamera = unitRows(multiply(xyzToCamera, SRGB_TO_XYZ))
    return inverse(srgbToCamera)
}

/** The inverse of a 3x3 matrix. Raises [RawException] if it's singular or not finite. */
internal fun inverse(matrix: DoubleArray): DoubleArray = solve(matrix, diagonal(doubleArrayOf(1.0, 1.0, 1.0)))

internal fun diagonal(values: DoubleArray): DoubleArray = DoubleArray(9) { if (it % 4 == 0) values[it / 4] else 0.0 }

/** A 3x3 matrix times a vector. */
internal fun apply(
    matrix: DoubleArray,
    vector: DoubleArray,
): DoubleArray = DoubleArray(3) { row -> (0..2).sumOf { matrix[3 * row + it] * vector[it] } }

/**
 * The near-identity matrix from a camera's white-balanced RGB to the reference camera's, row by row.
 *
 * Both arguments go from white-balanced linear camera RGB to linear sRGB. Without a camera matrix the
 * camera is taken as the reference camera: identity.
 */
fun toReference(
    cameraToSrgb: DoubleArray?,
    referenceToSrgb: DoubleArray,
): FloatArray {
    if (cameraToSrgb == null) return identity3()
    val solved = solve(unitRows(referenceToSrgb), unitRows(cameraToSrgb))
    return FloatArray(9) { solved[it].toFloat() }
}

/** Scales gains so that the smallest is 1: a saturated site stays at white or above. */
fun scaleGains(gains: DoubleArray): DoubleArray {
    val low = gains.min()
    return DoubleArray(3) { gains[it] / low }
}

internal fun multiply(
    left: DoubleArray,
    right: DoubleArray,
): DoubleArray = DoubleArray(9) { at -> (0..2).sumOf { left[at / 3 * 3 + it] * right[3 * it + at % 3] } }

/** Solves left · x = right for 3x3 matrices by elimination with partial pivoting. Raises [RawException] if singular. */
internal fun solve(
    left: DoubleArray,
    right: DoubleArray,
): DoubleArray {
    val rows =
        Array(3) {
            doubleArrayOf(
                left[3 * it],
                left[3 * it + 1],
                left[3 * it + 2],
                right[3 * it],
                right[3 * it + 1],
                right[3 * it + 2],
            )
        }
    for (column in 0..2) {
        val pivot = (column..2).maxBy { abs(rows[it][column]) }
        rows[column] = rows[pivot].also { rows[pivot] = rows[column] }
        if (!(abs(rows[column][column]) >= 1e-9)) throw RawException("The camera's colour matrix is singular.")
        for (row in column + 1..2) subtract(rows[row], rows[column], rows[row][column] / rows[column][column])
    }
    return backSubstitute(rows)
}

private fun subtract(
    row: DoubleArray,
    other: DoubleArray,
    factor: Double,
) {
    for (index in row.indices) row[index] -= factor * other[index]
}

private fun backSubstitute(rows: Array<DoubleArray>): DoubleArray {
    val solution = DoubleArray(9)
    for (row in 2 downTo 0) {
        for (column in 0..2) {
            var value = rows[row][3 + column]
            for (known in row + 1..2) value -= rows[row][known] * solution[3 * known + column]
            solution[3 * row + column] = value / rows[row][row]
        }
    }
    return solution
}
