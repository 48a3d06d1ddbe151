package org.lwisp.core

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource
import org.lwisp.core.contract.ElementType
import org.lwisp.core.contract.InputContract
import org.lwisp.core.contract.ModelContract
import org.lwisp.core.contract.TensorSpec
import org.lwisp.core.engine.Tensor
import org.lwisp.core.engine.dequantise
import org.lwisp.core.engine.quantise
import org.lwisp.core.measure.psnrDb
import org.lwisp.core.picture.Picture
import org.lwisp.core.picture.level8
import org.lwisp.core.picture.render
import org.lwisp.core.raw.Area
import org.lwisp.core.raw.Packed

class PictureTest {
    @ParameterizedTest
    @MethodSource("quantised")
    fun codesEqualPythons(case: Case) {
        val spec = TensorSpec("packed", ElementType.INT8, case.number("scale"), case.number("zero_point").toInt())
        val codes = quantise(case.floats("values"), spec) as Tensor.Int8
        assertArrayEquals(case.bytes("codes"), codes.values)
        assertArrayEquals(case.floats("real").bits(), dequantise(codes, spec).bits())
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
    fun picturesAreTurnedUpright(case: Case) {
        val stored = case.rows("stored")
        val visible = Area(1, 1, stored[0].size, stored.size)
        val picture =
            render(
                outputWith(stored, visible),
                floatContract(),
                Packed(FloatArray(0), 2, 2, visible),
                case.number("orientation").toInt(),
            )
        val upright = case.rows("upright")
        assertEquals(
            upright,
            List(picture.heightPx) { y ->
                List(picture.widthPx) { x ->
                    picture.argb[
                        y *
                            picture.widthPx +
                            x,
                    ] and
                        0xff
                }
            },
        )
    }

    @Test
    fun outputOfAnotherSizeIsRefused() {
        val packed = Packed(FloatArray(0), 2, 2, Area(0, 0, 4, 4))
        assertThrows(EngineException::class.java) { render(Tensor.Float32(FloatArray(47)), floatContract(), packed, 1) }
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

    /** A 4x4 output that is NaN-free everywhere and holds the stored levels in the visible part. */
    private fun outputWith(
        stored: List<List<Int>>,
        visible: Area,
    ): Tensor {
        val values = FloatArray(48) { 1f }
        for (y in stored.indices) {
            for (x in stored[y].indices) {
                for (color in 0..2) {
                    values[3 * ((visible.topPx + y) * 4 + visible.leftPx + x) + color] =
                        stored[y][x] / 255f
                }
            }
        }
        return Tensor.Float32(values)
    }

    companion object {
        @JvmStatic
        fun quantised() = Golden.cases("quantise")

        @JvmStatic
        fun turns() = Golden.cases("turns")
    }
}

/** A contract of a float model that doubles its input's sides. */
fun floatContract(sizeMultiple: Int = 2) =
    ModelContract(
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
        haloPx = 3,
        signature = "serving_default",
    )
