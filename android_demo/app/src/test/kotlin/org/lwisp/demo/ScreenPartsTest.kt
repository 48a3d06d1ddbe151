package org.lwisp.demo

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.lwisp.demo.engine.GraphFiles
import org.lwisp.demo.ui.StepRange
import org.lwisp.demo.ui.Viewport
import java.io.File

/** What of the screen and its files is plain arithmetic. */
class ScreenPartsTest {
    private val viewport =
        Viewport().apply {
            resizeView(1000, 500)
            show(4000, 3000)
        }

    @Test
    fun aPictureIsShownWholeAndInTheMiddle() {
        assertEquals(500f / 3000, viewport.scale)
        assertEquals((1000 - 4000 * viewport.scale) / 2, viewport.left, 0.01f)
        assertEquals(0f, viewport.top, 0.01f)
        assertTrue(viewport.isWhole)
    }

    @Test
    fun twoTapsShowSinglePixelsAndKeepThePlace() {
        val (x, y) = Pair(400f, 300f)
        val place = (x - viewport.left) / viewport.scale
        viewport.showFullSize(x, y)
        assertEquals(1f, viewport.scale, 1e-5f)
        assertEquals(place, (x - viewport.left) / viewport.scale, 0.5f)
        viewport.showWhole()
        assertTrue(viewport.isWhole)
    }

    @Test
    fun aPictureCantBeMovedOutOfTheView() {
        viewport.showFullSize(0f, 0f)
        viewport.moveBy(1e6f, 1e6f)
        assertEquals(0f, viewport.left, 0.01f)
        viewport.moveBy(-1e6f, -1e6f)
        assertEquals(1000f - 4000f, viewport.left, 0.01f)
        viewport.zoomBy(1000f, 0f, 0f)
        assertEquals(2f, viewport.scale, 1e-5f)
    }

    @Test
    fun slidersGiveRoundValues() {
        val range = StepRange(-3.0, 3.0, 0.1, 0.0)
        assertEquals(listOf(-3.0, -2.9, 0.0, 0.7, 3.0), listOf(0, 1, 30, 37, range.count).map(range::value))
        assertEquals(30, range.place(range.first))
    }

    @Test
    fun graphsAreWrittenOnceAndTheOldestGo(
        @TempDir folder: File,
    ) {
        val files = GraphFiles(folder, "1")
        var written = 0
        val write = { ByteArray(3).also { written++ } }
        repeat(3) { assertEquals(3L, files.kept("first", write).length()) }
        assertEquals(1, written)
        repeat(60) { files.kept("graph $it", write) }
        assertTrue(folder.walk().count { it.isFile } <= 48)
        assertEquals(0, folder.walk().count { it.name.endsWith(".part") })
        files.kept("first", write)
        assertEquals(GraphFiles(folder, "2").kept("first", write).readBytes().size, 3)
        assertEquals(63, written)
    }
}
