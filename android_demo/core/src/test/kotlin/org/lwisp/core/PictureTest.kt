package org.lwisp.core

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource
import org.lwisp.core.contract.ElementType
import org.lwisp.core.contract.RenderedTone
import org.lwisp.core.contract.TensorSpec
import org.lwisp.core.engine.Tensor
import org.lwisp.core.engine.dequantized
import org.lwisp.core.engine.quantize
import org.lwisp.core.measure.psnrDb
import org.lwisp.core.picture.Picture
import org.lwisp.core.picture.Rendering
import org.lwisp.core.picture.ToneCurve
import org.lwisp.core.picture.level8
import org.lwisp.core.raw.Area
import org.lwisp.core.tile.Tile

class PictureTest {
    @ParameterizedTest
    @MethodSource("quantized")
    fun quantizedValuesEqualPythons(case: Case) {
        val spec =
            TensorSpec("packed", ElementType.INT8, case.number("scale"), case.number("zero_point").toInt(), 4, 1.0)
        val found = (quantize(case.floats("values"), spec) as Tensor.Int8).values
        assertArrayEquals(case.bytes("codes"), found)
        val real = dequantized(spec)
        assertArrayEquals(case.floats("real").bits(), FloatArray(found.size) { real[found[it] + 128] }.bits())
    }

    @Test
    fun levelsEqualPythons() {
        val case = Golden.case("levels")
        assertArrayEquals(case.bytes("levels"), case.floats("values").map { level8(it).toByte() }.toByteArray())
        assertThrows(EngineException::class.java) { level8(Float.NaN) }
        assertThrows(EngineException::class.java) { level8(Float.POSITIVE_INFINITY) }
    }

    @ParameterizedTest
    @MethodSource("turns")
    fun picturesAreTurnedUprightWhateverTheirTiles(case: Case) {
        val stored = case.rows("stored")
        val upright = case.rows("upright")
        for (tiles in listOf(listOf(Area(0, 0, 2, 2)), QUARTERS)) {
            val visible = Area(1, 1, stored[0].size, stored.size)
            val rendering = Rendering(RGB, visible, case.number("orientation").toInt(), AS_RENDERED)
            val picture = Picture(upright[0].size, upright.size)
            for (area in tiles) rendering.put(Tile(area, area), output(stored, visible, area.scaled(2.0)), picture)
            assertEquals(upright.flatten(), picture.argb.map { it and 0xff })
        }
    }

    @Test
    fun onlyTheKeptPartOfATileIsStored() {
        val visible = Area(0, 0, 4, 2)
        val stored = listOf(listOf(1, 2, 3, 4), listOf(5, 6, 7, 8))
        val picture = Picture(4, 2)
        val tile = Tile(Area(0, 0, 2, 1), Area(1, 0, 1, 1))
        Rendering(RGB, visible, 1, AS_RENDERED).put(tile, output(stored, visible, Area(0, 0, 4, 2)), picture)
        assertEquals(listOf(0, 0, 3, 4, 0, 0, 7, 8), picture.argb.map { it and 0xff })
    }

    @Test
    fun outputOfAnotherSizeIsRefused() {
        val area = Area(0, 0, 2, 2)
        val rendering = Rendering(RGB, area.scaled(2.0), 1, AS_RENDERED)
        assertThrows(EngineException::class.java) {
            rendering.put(Tile(area, area), Tensor.Float32(FloatArray(47)), Picture(4, 4))
        }
    }

    @Test
    fun psnrEqualsPythons() {
        val case = Golden.case("psnr")
        val (first, second) = listOf("first", "second").map { picture(case.bytes(it), case.integers("size_px")) }
        assertEquals(case.number("psnr_db"), psnrDb(first, second), 1e-4)
        assertEquals(Double.POSITIVE_INFINITY, psnrDb(first, first))
    }

    private fun picture(
        rgb: ByteArray,
        size: List<Int>,
    ) = Picture(
        size[0],
        size[1],
        IntArray(size[0] * size[1]) { at ->
            (0..2).fold(0xff) { argb, color ->
                (argb shl 8) or
                    (rgb[3 * at + color].toInt() and 0xff)
            }
        },
    )

    /** A tile's output, in picture pixels, that holds the stored levels where they are visible. */
    private fun output(
        stored: List<List<Int>>,
        visible: Area,
        tile: Area,
    ): Tensor =
        Tensor.Float32(
            FloatArray(3 * tile.px) { at ->
                val y = tile.topPx + at / 3 / tile.widthPx - visible.topPx
                val x = tile.leftPx + at / 3 % tile.widthPx - visible.leftPx
                (stored.getOrNull(y)?.getOrNull(x) ?: 255) / 255f
            },
        )

    companion object {
        private val AS_RENDERED = ToneCurve(RenderedTone.CONTRAST, null)
        private val RGB = TensorSpec("rgb", ElementType.FLOAT32, null, null, channels = 3, resolution = 2.0)

        /** A 2x2 frame in four tiles. */
        val QUARTERS = listOf(Area(0, 0, 1, 1), Area(1, 0, 1, 1), Area(0, 1, 1, 1), Area(1, 1, 1, 1))

        @JvmStatic
        fun quantized() = Golden.cases("quantise")

        @JvmStatic
        fun turns() = Golden.cases("turns")
    }
}
