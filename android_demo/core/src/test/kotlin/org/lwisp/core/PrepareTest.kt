package org.lwisp.core

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource
import org.lwisp.core.raw.Cfa
import org.lwisp.core.raw.Mosaic
import org.lwisp.core.raw.RawFrame
import org.lwisp.core.raw.prepare
import java.nio.ByteBuffer

class PrepareTest {
    @ParameterizedTest
    @MethodSource("cases")
    fun planesEqualPythonsBitForBit(case: Case) {
        for (paddingPx in listOf(0, 5)) {
            val packed =
                prepare(
                    case.child("frame").frame(paddingPx),
                    case.child("contract").contract(),
                    case.number("exposure_ev"),
                )
            assertEquals(case.integers("packed_size_px"), listOf(packed.widthPx, packed.heightPx))
            assertEquals(case.integers("lead_px"), listOf(packed.visible.leftPx, packed.visible.topPx))
            assertArrayEquals(case.floats("planes").bits(), packed.planes.bits())
        }
    }

    @Test
    fun centreKeepsTheFilterOrderAndTheSamples() {
        val frame =
            Golden
                .cases("prepare")
                .first { it.text("name") == "GBRG odd" }
                .child("frame")
                .frame(3)
        val centre = frame.centred(4, 6)
        assertEquals(listOf(4, 6), listOf(centre.mosaic.widthPx, centre.mosaic.heightPx))
        val whole = ShortArray(frame.mosaic.widthPx)
        val part = ShortArray(4)
        frame.mosaic.readRow(0, whole)
        centre.mosaic.readRow(0, part)
        assertArrayEquals(whole.copyOfRange(0, 4), part)
    }

    @Test
    fun copyHasTheSameSamplesAndNoPadding() {
        val mosaic =
            Golden
                .cases("prepare")
                .first()
                .child("frame")
                .frame(7)
                .mosaic
        val rows =
            listOf(mosaic, mosaic.copied()).map { each ->
                List(each.heightPx) { row -> ShortArray(each.widthPx).also { each.readRow(row, it) }.toList() }
            }
        assertEquals(rows[0], rows[1])
    }

    @Test
    fun brokenFramesAreRefused() {
        assertThrows(RawException::class.java) { Mosaic(4, 4, ByteBuffer.allocate(31), 8) }
        assertThrows(RawException::class.java) { Mosaic(4, 4, ByteBuffer.allocate(64), 6) }
        assertThrows(RawException::class.java) { Mosaic(1, 4, ByteBuffer.allocate(64), 8) }
        assertThrows(RawException::class.java) { Cfa.ofCamera2(4) }
        assertThrows(RawException::class.java) { frame(whiteLevel = 64.0) }
        assertThrows(RawException::class.java) { frame(gains = doubleArrayOf(1.0, 0.0, 1.0)) }
        assertThrows(RawException::class.java) { frame(orientation = 9) }
    }

    private fun frame(
        whiteLevel: Double = 1023.0,
        gains: DoubleArray = doubleArrayOf(1.0, 1.0, 1.0),
        orientation: Int = 1,
    ) = RawFrame(
        Mosaic(4, 4, ByteBuffer.allocate(32), 8),
        Cfa.RGGB,
        DoubleArray(4) {
            64.0
        },
        whiteLevel,
        gains,
        null,
        orientation,
    )

    companion object {
        @JvmStatic
        fun cases() = Golden.cases("prepare")
    }
}

/** Floats as bits, so that -0 and 0 differ and a difference is shown exactly. */
fun FloatArray.bits() = IntArray(size) { this[it].toRawBits() }
