package org.lwisp.core

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource
import org.lwisp.core.dng.readDng
import org.lwisp.core.raw.RawFrame
import org.lwisp.core.raw.toReference
import java.nio.ByteBuffer

class DngTest {
    @ParameterizedTest
    @MethodSource("files")
    fun frameEqualsLibRaws(case: Case) {
        val expected = case.child("frame").frame()
        val found = readDng(ByteBuffer.wrap(case.bytes("content")))
        assertEquals(rows(expected), rows(found))
        assertEquals(expected.cfa, found.cfa)
        assertEquals(expected.orientation, found.orientation)
        assertEquals(expected.whiteLevel, found.whiteLevel)
        assertArrayEquals(expected.blackLevel, found.blackLevel)
        assertArrayEquals(expected.wbGains, found.wbGains)
        assertArrayEquals(expected.cameraToSrgb, found.cameraToSrgb, 1e-12)
        // What reaches the pixels is equal bit for bit.
        assertArrayEquals(
            toReference(expected.cameraToSrgb, REFERENCE).bits(),
            toReference(found.cameraToSrgb, REFERENCE).bits(),
        )
    }

    @Test
    fun cutShortOrDamagedFilesAreRefusedAndNothingElseHappens() {
        val content = Golden.cases("dng").first { it.text("name") == "two lights, calibrated" }.bytes("content")
        for (length in 0 until content.size step 7) {
            assertThrows(RawException::class.java) { readDng(ByteBuffer.wrap(content.copyOf(length))) }
        }
        var refused = 0
        for (place in 0 until 400) {
            val damaged = content.copyOf().also { it[place] = (it[place] + 0x81).toByte() }
            try {
                readDng(ByteBuffer.wrap(damaged))
            } catch (expected: RawException) {
                refused++
            }
        }
        assertTrue(refused > 50) { "Only $refused of 400 damaged files were refused." }
    }

    @Test
    fun otherFilesAreNamed() {
        val jpeg = byteArrayOf(-1, -40, -1, -32, 0, 16, 74, 70, 73, 70)
        val error = assertThrows(RawException::class.java) { readDng(ByteBuffer.wrap(jpeg)) }
        assertTrue("isn't a DNG" in error.message!!)
    }

    @Test
    fun compressedFilesAreNamed() {
        val content = Golden.cases("dng").first { it.text("name") == "ours, RGGB" }.bytes("content")
        val compression =
            content.indices.first {
                content[it] == 3.toByte() && content[it + 1] == 1.toByte() &&
                    content[it + 2] == 3.toByte()
            }
        content[compression + 8] = 7
        val error = assertThrows(RawException::class.java) { readDng(ByteBuffer.wrap(content)) }
        assertTrue("compressed (method 7)" in error.message!!) { error.message!! }
    }

    private fun rows(frame: RawFrame) =
        List(
            frame.mosaic.heightPx,
        ) { row -> ShortArray(frame.mosaic.widthPx).also { frame.mosaic.readRow(row, it) }.toList() }

    companion object {
        private val REFERENCE = doubleArrayOf(1.81, -0.55, -0.26, -0.41, 1.91, -0.5, -0.04, -0.66, 1.7)

        @JvmStatic
        fun files() = Golden.cases("dng")
    }
}
