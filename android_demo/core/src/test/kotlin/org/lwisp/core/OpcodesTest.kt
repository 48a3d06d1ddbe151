package org.lwisp.core

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource
import org.lwisp.core.dng.readDng
import org.lwisp.core.raw.Area
import org.lwisp.core.raw.RawFrame
import java.io.ByteArrayOutputStream
import java.io.DataOutputStream
import java.nio.ByteBuffer
import java.nio.ByteOrder

private const val LIST_1 = 51008
private const val LIST_2 = 51009
private const val LIST_3 = 51022

/** What a DNG asks for beyond its samples: opcode lists, crop, exposure, noise. */
class OpcodesTest {
    @Test
    fun aGainMapOfOneSiteIsRead() {
        val frame = read(LIST_2 to list(opcode(9, gainMap(1, 0, 0, 1))))
        val map = frame.corrections.gainMaps.single()
        assertEquals(listOf(1, 28, 2), map.down.run { listOf(start, stop, pitch) })
        assertEquals(listOf(0, 36, 2), map.across.run { listOf(start, stop, pitch) })
        assertEquals(listOf(0.25, 0.5), map.down.run { listOf(origin, spacing) })
        assertArrayEquals(floatArrayOf(1f, 1.25f, 1.5f, 1.75f, 2f, 2.25f), map.gains)
    }

    @Test
    fun aGainMapOfColoursIsReadForTheirSites() {
        // GRBG: the map is for R and G, so the second site, and the first and the last.
        val frame = read(LIST_3 to list(opcode(9, gainMap(0, 0, 0, 2, mapPlanes = 2, pitch = 1))))
        val found = frame.corrections.gainMaps.map { Triple(it.down.start, it.across.start, it.gains[0]) }
        assertEquals(listOf(Triple(0, 0, 1.25f), Triple(0, 1, 1f), Triple(1, 1, 1.25f)), found)
        assertTrue(frame.corrections.gainMaps.all { it.down.pitch == 2 && it.across.pitch == 2 })
    }

    @Test
    fun vignettesAndBadPixelsAreRead() {
        val vignette = bytes { repeat(7) { writeDouble((it + 1) / 10.0) } }
        val listed = bytes { listOf(1, 1, 1, 3, 5, 2, 4, 6, 30).forEach(::writeInt) }
        val constant = opcode(4, bytes { listOf(500, 0).forEach(::writeInt) })
        val frame = read(LIST_1 to list(constant, opcode(5, listed)), LIST_2 to list(opcode(3, vignette)))
        val found = frame.corrections.vignettes.single()
        assertEquals(listOf(0.1, 0.7), listOf(found.coefficients[0], found.centerY))
        assertEquals(listOf(500L, null), frame.corrections.badPixels.map { it.constant })
        assertArrayEquals(intArrayOf(3, 5), frame.corrections.badPixels[1].points)
        assertEquals(listOf(Area(4, 2, 26, 4)), frame.corrections.badPixels[1].rectangles)
    }

    @Test
    fun whatIsOptionalAndUnknownIsNotedElseRefused() {
        val frame = read(LIST_3 to list(opcode(2, ByteArray(0), flags = 1)))
        assertTrue("WarpFisheye" in frame.notes.single())
        val error = assertThrows(RawException::class.java) { read(LIST_3 to list(opcode(2, ByteArray(0)))) }
        assertTrue("WarpFisheye" in error.message!! && "lwisp" in error.message!!) { error.message!! }
    }

    @Test
    fun distortionIsReadAndLeftToWholeFrames() {
        val warp =
            bytes {
                writeInt(1)
                listOf(1.0, 0.02, 0.0, 0.0, 0.0, 0.001, 0.5, 0.45).forEach(::writeDouble)
            }
        val frame = read(LIST_3 to list(opcode(1, warp)))
        val found = frame.corrections.warps.single()
        assertArrayEquals(doubleArrayOf(1.0, 0.02, 0.0, 0.0, 0.0, 0.001), found.coefficients.single())
        assertEquals(listOf(0.5, 0.45), listOf(found.centerX, found.centerY))
        assertTrue(
            frame
                .centred(8, 8)
                .corrections.warps
                .isEmpty(),
        )
        assertThrows(RawException::class.java) { read(LIST_3 to list(opcode(1, warp.copyOf(60)))) }
        assertThrows(RawException::class.java) { read(LIST_3 to list(opcode(1, bytes { writeInt(2) }))) }
    }

    @ParameterizedTest
    @ValueSource(ints = [0, 3, 4, 12, 19, 20, 40, 94, 95, 118])
    fun aListCutShortIsRefused(bytes: Int) {
        val whole = list(opcode(9, gainMap(1, 0, 0, 1)))
        assertThrows(RawException::class.java) { read(LIST_2 to whole.copyOf(bytes)) }
    }

    @Test
    fun everyDamagedByteIsReadOrRefusedAndNothingElseHappens() {
        val listed = bytes { listOf(1, 1, 1, 3, 5, 2, 4, 6, 30).forEach(::writeInt) }
        val lists = listOf(LIST_1 to list(opcode(5, listed)), LIST_2 to list(opcode(9, gainMap(1, 0, 0, 1))))
        var refused = 0
        for ((tag, content) in lists) {
            for (place in content.indices) {
                for (value in listOf(0, 0x7f, 0x80, 0xff)) {
                    val damaged = content.copyOf().also { it[place] = value.toByte() }
                    try {
                        read(tag to damaged)
                    } catch (expected: RawException) {
                        refused++
                    }
                }
            }
        }
        assertTrue(refused > 100) { "Only $refused were refused." }
    }

    @Test
    fun absurdGainsAreRefused() {
        for (gain in listOf(0f, -1f, 65f, Float.NaN, Float.POSITIVE_INFINITY)) {
            assertThrows(
                RawException::class.java,
            ) { read(LIST_2 to list(opcode(9, gainMap(1, 0, 0, 1, first = gain)))) }
        }
        val nine = opcode(9, gainMap(1, 0, 0, 1, first = 9f))
        val error = assertThrows(RawException::class.java) { read(LIST_2 to list(nine, nine)) }
        assertTrue("overlapping" in error.message!!) { error.message!! }
    }

    private fun read(vararg lists: Pair<Int, ByteArray>): RawFrame {
        val content = Golden.cases("dng").first { it.text("name") == "two lights, calibrated" }.bytes("content")
        return readDng(ByteBuffer.wrap(withTags(content, lists.toMap())))
    }

    /** A little-endian DNG with more tags: its directory is written anew at the end, their values behind it. */
    private fun withTags(
        content: ByteArray,
        tags: Map<Int, ByteArray>,
    ): ByteArray {
        val old = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN)
        val start = old.getInt(4)
        val count = old.getShort(start).toInt()
        val directory = content.size
        var place = directory + 2 + 12 * (count + tags.size) + 4
        val file = ByteBuffer.allocate(place + tags.values.sumOf { maxOf(it.size, 4) }).order(ByteOrder.LITTLE_ENDIAN)
        file.put(content).putShort((count + tags.size).toShort()).put(content, start + 2, 12 * count)
        for ((tag, value) in tags) {
            // At most four bytes are the entry's own.
            file.putShort(tag.toShort()).putShort(7).putInt(value.size)
            if (value.size <= 4) file.put(value.copyOf(4)) else file.putInt(place)
            if (value.size > 4) value.forEachIndexed { index, byte -> file.put(place + index, byte) }
            if (value.size > 4) place += value.size
        }
        return file.putInt(4, directory).array()
    }

    private fun list(vararg opcodes: ByteArray) =
        bytes {
            writeInt(opcodes.size)
            opcodes.forEach(::write)
        }

    private fun opcode(
        number: Int,
        parameters: ByteArray,
        flags: Int = 0,
    ) = bytes {
        listOf(number, 0x01030000, flags, parameters.size).forEach(::writeInt)
        write(parameters)
    }

    /** Two rows of three points, each 0.25 more than the one before. */
    private fun gainMap(
        top: Int,
        left: Int,
        plane: Int,
        planes: Int,
        mapPlanes: Int = 1,
        pitch: Int = 2,
        first: Float = 1f,
    ) = bytes {
        listOf(top, left, 28, 40, plane, planes, pitch, pitch, 2, 3).forEach(::writeInt)
        listOf(0.5, 0.5, 0.25, 0.0).forEach(::writeDouble)
        writeInt(mapPlanes)
        for (index in 0 until 6 * mapPlanes) writeFloat(first + 0.25f * index)
    }

    private fun bytes(write: DataOutputStream.() -> Unit): ByteArray =
        ByteArrayOutputStream().also { DataOutputStream(it).write() }.toByteArray()
}
