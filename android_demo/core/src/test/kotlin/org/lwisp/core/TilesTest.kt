package org.lwisp.core

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.lwisp.core.engine.PackedSize
import org.lwisp.core.engine.Tensor
import org.lwisp.core.tile.cut
import org.lwisp.core.tile.likeOf
import org.lwisp.core.tile.stitch
import org.lwisp.core.tile.tiles
import kotlin.random.Random

class TilesTest {
    @Test
    fun tilesCoverTheFrameOnceWithTheirHalo() {
        for (frame in SIZES) {
            val kept = IntArray(frame.widthPx * frame.heightPx)
            for (tile in tiles(frame, INPUT, HALO, MULTIPLE)) {
                assertEquals(minOf(frame.widthPx, INPUT), tile.input.widthPx)
                assertEquals(minOf(frame.heightPx, INPUT), tile.input.heightPx)
                assertEquals(0, tile.input.leftPx % MULTIPLE + tile.input.topPx % MULTIPLE)
                assertTrue(
                    hasHalo(tile.input.leftPx, tile.input.widthPx, tile.keep.leftPx, tile.keep.widthPx, frame.widthPx),
                )
                assertTrue(
                    hasHalo(tile.input.topPx, tile.input.heightPx, tile.keep.topPx, tile.keep.heightPx, frame.heightPx),
                )
                for (y in 0 until tile.keep.heightPx) {
                    for (x in 0 until tile.keep.widthPx) {
                        kept[
                            (tile.keep.topPx + y) * frame.widthPx + tile.keep.leftPx +
                                x,
                        ]++
                    }
                }
            }
            assertTrue(kept.all { it == 1 }) { "$frame is covered ${kept.minOrNull()} to ${kept.maxOrNull()} times" }
        }
    }

    @Test
    fun stitchedTilesEqualTheWholeFrame() {
        for (frame in SIZES) {
            val planes =
                Tensor.Float32(
                    FloatArray(frame.widthPx * frame.heightPx * 4).also { values ->
                        values.indices.forEach {
                            values[it] =
                                RANDOM.nextFloat()
                        }
                    },
                )
            val whole = blurred(planes, frame)
            val picture = likeOf(whole, whole.values.size) as Tensor.Float32
            for (tile in tiles(frame, INPUT, HALO, MULTIPLE)) {
                val size = PackedSize(tile.input.widthPx, tile.input.heightPx)
                stitch(blurred(cut(planes, frame, tile.input, 4) as Tensor.Float32, size), tile, picture, frame, 2)
            }
            assertArrayEquals(whole.values.bits(), picture.values.bits())
        }
    }

    @Test
    fun tileWithoutAnInsideIsRefused() {
        assertThrows(IllegalArgumentException::class.java) { tiles(PackedSize(64, 64), 32, 9, 8) }
        assertThrows(IllegalArgumentException::class.java) { tiles(PackedSize(63, 64), 32, 4, 8) }
    }

    private fun hasHalo(
        inputStart: Int,
        inputSize: Int,
        keepStart: Int,
        keepSize: Int,
        frameSize: Int,
    ): Boolean {
        val before = inputStart == 0 || keepStart - inputStart >= HALO
        val after = inputStart + inputSize == frameSize || inputStart + inputSize - keepStart - keepSize >= HALO
        return before && after
    }

    /** A stand-in for the network: sums what lies within the halo, zero outside, at twice the size in three colours. */
    private fun blurred(
        planes: Tensor.Float32,
        size: PackedSize,
    ): Tensor.Float32 {
        val out = FloatArray(size.widthPx * size.heightPx * 12)
        for (at in out.indices) {
            val y = at / 3 / (2 * size.widthPx) / 2
            val x = at / 3 % (2 * size.widthPx) / 2
            for (step in -HALO..HALO) {
                if (x + step in
                    0 until size.widthPx
                ) {
                    out[at] += planes.values[(y * size.widthPx + x + step) * 4 + at % 3]
                }
                if (y + step in
                    0 until size.heightPx
                ) {
                    out[at] += planes.values[((y + step) * size.widthPx + x) * 4 + at % 3]
                }
            }
        }
        return Tensor.Float32(out)
    }

    private companion object {
        const val INPUT = 32
        const val HALO = 5
        const val MULTIPLE = 8
        val RANDOM = Random(7)
        val SIZES =
            listOf(
                8 to 8,
                32 to 32,
                40 to 32,
                48 to 64,
                72 to 40,
                128 to 104,
            ).map { PackedSize(it.first, it.second) }
    }
}
