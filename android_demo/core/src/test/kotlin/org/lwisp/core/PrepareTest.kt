package org.lwisp.core

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource
import org.lwisp.core.preprocess.Preparation
import org.lwisp.core.preprocess.PrepareOptions
import org.lwisp.core.raw.Area
import org.lwisp.core.raw.Cfa
import org.lwisp.core.raw.Mosaic
import org.lwisp.core.raw.PackedSize
import org.lwisp.core.raw.RawFrame
import java.nio.ByteBuffer

class PrepareTest {
    @ParameterizedTest
    @MethodSource("cases")
    fun planesEqualPythonsBitForBit(case: Case) {
        for (paddingPx in listOf(0, 5)) {
            val prepared = prepared(case, paddingPx)
            val size = prepared.size
            assertEquals(case.integers("packed_size_px"), listOf(size.widthPx, size.heightPx))
            assertEquals(case.integers("lead_px"), listOf(prepared.visible.leftPx, prepared.visible.topPx))
            assertArrayEquals(case.floats("planes").bits(), prepared.planes(whole(size)).bits())
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    fun partsAreWhatTheWholeHolds(case: Case) {
        val prepared = prepared(case)
        val size = prepared.size
        val planes = prepared.planes(whole(size))
        val part = Area(size.widthPx / 3, size.heightPx / 2, size.widthPx - size.widthPx / 3, (size.heightPx + 3) / 4)
        val expected =
            (0 until part.heightPx).flatMap { row ->
                val at = 4 * ((part.topPx + row) * size.widthPx + part.leftPx)
                planes.toList().subList(at, at + 4 * part.widthPx)
            }
        assertEquals(expected, prepared.planes(part).toList())
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
    fun brokenFramesAreRefused() {
        assertThrows(RawException::class.java) { Mosaic(4, 4, ByteBuffer.allocate(31), 8) }
        assertThrows(RawException::class.java) { Mosaic(4, 4, ByteBuffer.allocate(64), 6) }
        assertThrows(RawException::class.java) { Mosaic(1, 4, ByteBuffer.allocate(64), 8) }
        assertThrows(RawException::class.java) { Cfa.ofCamera2(4) }
        assertThrows(RawException::class.java) { frame(whiteLevel = 64.0) }
        assertThrows(RawException::class.java) { frame(gains = doubleArrayOf(1.0, 0.0, 1.0)) }
        assertThrows(RawException::class.java) { frame(orientation = 9) }
    }

    private fun prepared(
        case: Case,
        paddingPx: Int = 0,
    ) = Preparation(
        case.child("frame").frame(paddingPx),
        case.child("contract").contract(),
        PrepareOptions(case.number("exposure_ev")),
    )

    private fun whole(size: PackedSize) = Area(0, 0, size.widthPx, size.heightPx)

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
