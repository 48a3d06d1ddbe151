package org.lwisp.core

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.lwisp.core.capture.CaptureMatcher
import org.lwisp.core.raw.clockwiseDegrees
import org.lwisp.core.raw.exifOrientation

class CaptureTest {
    private class Image(
        val name: String,
    ) : AutoCloseable {
        var closed = false

        override fun close() {
            closed = true
        }
    }

    private val shots = ArrayList<String>()
    private val matcher = CaptureMatcher<Image, String> { shots.add("${it.raw.name} ${it.jpeg.name} ${it.metadata}") }

    @Test
    fun partsOfOneShotMeetInAnyOrder() {
        for (order in listOf("rjm", "rmj", "jrm", "jmr", "mrj", "mjr")) {
            for (part in order) add(part, order.hashCode().toLong(), order)
            assertEquals("$order $order $order", shots.removeAt(0))
        }
    }

    @Test
    fun metadataOfAnotherShotNeverMeets() {
        add('r', 1, "first")
        add('j', 1, "first")
        add('m', 2, "second")
        assertTrue(shots.isEmpty())
    }

    @Test
    fun olderAndLeftOverImagesAreClosed() {
        val (old, left) = listOf(Image("old"), Image("left"))
        matcher.raw(1, old)
        for (part in "rjm") add(part, 2, "second")
        assertTrue(old.closed)
        matcher.jpeg(3, left)
        matcher.close()
        assertTrue(left.closed)
    }

    @Test
    fun orientationFollowsTheDisplay() {
        assertEquals(listOf(6, 1, 8, 3), listOf(0, 90, 180, 270).map { exifOrientation(90, it, facesFront = false) })
        assertEquals(
            listOf(0, 90, 180, 270),
            listOf(0, 90, 180, 270).map {
                clockwiseDegrees(exifOrientation(it, 0, facesFront = false))
            },
        )
        assertEquals(listOf(8, 1, 6, 3), listOf(0, 90, 180, 270).map { exifOrientation(270, it, facesFront = true) })
    }

    private fun add(
        part: Char,
        timestampNs: Long,
        name: String,
    ) = when (part) {
        'r' -> matcher.raw(timestampNs, Image(name))
        'j' -> matcher.jpeg(timestampNs, Image(name))
        else -> matcher.metadata(timestampNs, name)
    }
}
