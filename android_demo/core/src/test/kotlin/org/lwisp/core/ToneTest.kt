package org.lwisp.core

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.EnumSource
import org.lwisp.core.contract.RenderedTone
import org.lwisp.core.picture.Tone
import org.lwisp.core.picture.inverseContrast
import org.lwisp.core.picture.toneTable

class ToneTest {
    private val case = GoldenSteps.case("tone")
    private val codes = FloatArray(256) { it / 256f }

    @ParameterizedTest
    @EnumSource(Tone::class)
    fun tablesOfTheShippedModelEqualPythons(tone: Tone) {
        val table = toneTable(codes, RenderedTone.CONTRAST, tone)
        val levels = ByteArray(256) { Math.rint((255 * table[it]).toDouble()).toInt().toByte() }
        assertArrayEquals(case.child("tables_from_contrast").bytes(tone.name.lowercase()), levels)
    }

    @Test
    fun curvesEqualPythonsToARoundingStep() {
        // Python's vectors are of 32-bit pictures; these curves are computed in 64 bits.
        val values = case.floats("values")
        assertNear(case.floats("standard"), toneTable(values, RenderedTone.NEUTRAL, Tone.STANDARD))
        assertNear(case.floats("contrast"), toneTable(values, RenderedTone.NEUTRAL, Tone.CONTRAST))
        val undone = FloatArray(values.size) { inverseContrast(values[it].toDouble()).toFloat() }
        assertNear(case.floats("inverse_contrast"), undone)
    }

    @Test
    fun theToneThatIsThereCostsNothing() {
        assertSame(codes, toneTable(codes, RenderedTone.CONTRAST, Tone.CONTRAST))
        assertSame(codes, toneTable(codes, RenderedTone.NEUTRAL, Tone.NEUTRAL))
    }

    private fun assertNear(
        expected: FloatArray,
        found: FloatArray,
    ) = expected.forEachIndexed { index, value -> assertEquals(value, found[index], 3e-7f) }
}
