package org.lwisp.core

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource
import org.lwisp.core.contract.ContextContract
import org.lwisp.core.contract.ElementType
import org.lwisp.core.contract.InputContract
import org.lwisp.core.contract.ModelContract
import org.lwisp.core.contract.TensorSpec
import org.lwisp.core.engine.Tensor
import org.lwisp.core.engine.quantise
import org.lwisp.core.engine.realOfCode
import org.lwisp.core.measure.psnrDb
import org.lwisp.core.picture.Picture
import org.lwisp.core.picture.Rendering
import org.lwisp.core.picture.level8
import org.lwisp.core.raw.Area
import org.lwisp.core.tile.Tile

class PictureTest {
    @ParameterizedTest
    @MethodSource("quantised")
    fun codesEqualPythons(case: Case) {
        val spec = TensorSpec("packed", ElementType.INT8, case.number("scale"), case.number("zero_point").toInt())
        val codes = quantise(case.floats("values"), spec) as Tensor.Int8
        assertArrayEquals(case.bytes("codes"), codes.values)
        val real = realOfCode(spec)
        assertArrayEquals(case.floats("real").bits(), FloatArray(codes.size) { real[codes.values[it] + 128] }.bits())
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
            val rendering = Rendering(floatContract(), visible, case.number("orientation").toInt())
            val picture = Picture(upright[0].size, upright.size)
            for (area in tiles) rendering.put(Tile(area, area), output(stored, visible, area.scaled(2)), picture)
            assertEquals(upright.flatten(), picture.argb.map { it and 0xff })
        }
    }

    @Test
    fun onlyTheKeptPartOfATileIsStored() {
        val visible = Area(0, 0, 4, 2)
        val stored = listOf(listOf(1, 2, 3, 4), listOf(5, 6, 7, 8))
        val picture = Picture(4, 2)
        val tile = Tile(Area(0, 0, 2, 1), Area(1, 0, 1, 1))
        Rendering(floatContract(), visible, 1).put(tile, output(stored, visible, Area(0, 0, 4, 2)), picture)
        assertEquals(listOf(0, 0, 3, 4, 0, 0, 7, 8), picture.argb.map { it and 0xff })
    }

    @Test
    fun outputOfAnotherSizeIsRefused() {
        val area = Area(0, 0, 2, 2)
        val rendering = Rendering(floatContract(), area.scaled(2), 1)
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
        /** A 2x2 frame in four tiles. */
        val QUARTERS = listOf(Area(0, 0, 1, 1), Area(1, 0, 1, 1), Area(0, 1, 1, 1), Area(1, 1, 1, 1))

        @JvmStatic
        fun quantised() = Golden.cases("quantise")

        @JvmStatic
        fun turns() = Golden.cases("turns")
    }
}

/** A contract of a float model that doubles its input's sides. */
fun floatContract(
    sizeMultiple: Int = 2,
    haloPx: Int = 3,
) = ModelContract(
    precision = "fp16",
    input =
        InputContract(
            sizeMultiple,
            subtractBlack = true,
            whiteBalance = true,
            referenceToSrgb = null,
            curveOffset =
                1.0 / 2048,
        ),
    inputTensor = TensorSpec("packed", ElementType.FLOAT32, null, null),
    outputTensor = TensorSpec("rgb", ElementType.FLOAT32, null, null),
    outputScale = 2,
    haloPx = haloPx,
    context = ContextContract(grid = 2, cropPx = 2),
    contextTensors = listOf(TensorSpec("gate", ElementType.FLOAT32, null, null)),
)
