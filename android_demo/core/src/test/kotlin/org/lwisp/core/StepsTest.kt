package org.lwisp.core

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource
import org.lwisp.core.contract.InputContract
import org.lwisp.core.preprocess.ColorMove
import org.lwisp.core.preprocess.Curve
import org.lwisp.core.preprocess.LensShading
import org.lwisp.core.preprocess.NoisePlane
import org.lwisp.core.preprocess.Preparation
import org.lwisp.core.preprocess.PrepareOptions
import org.lwisp.core.preprocess.RepairedMosaic
import org.lwisp.core.preprocess.Shoulder
import org.lwisp.core.preprocess.alignedIndices
import org.lwisp.core.preprocess.autoExposureEv
import org.lwisp.core.preprocess.estimateNoise
import org.lwisp.core.preprocess.noiseOfQuads
import org.lwisp.core.raw.Area
import org.lwisp.core.raw.BadPixels
import org.lwisp.core.raw.Cfa
import org.lwisp.core.raw.Mosaic
import org.lwisp.core.raw.Placement
import org.lwisp.core.raw.RawFrame
import java.nio.ByteBuffer
import java.nio.ByteOrder

/** Every step of the pre-processing equals the Python runtime's bit for bit. */
class StepsTest {
    @ParameterizedTest
    @MethodSource("repairs")
    fun badPixelsAreReplacedAsInPython(case: Case) {
        val (width, height) = case.integers("size_px")
        val samples = ByteBuffer.wrap(case.bytes("values")).order(ByteOrder.LITTLE_ENDIAN)
        val bad = case.bytes("bad").indices.filter { case.bytes("bad")[it] != 0.toByte() }
        val found = BadPixels(points = bad.flatMap { listOf(it / width, it % width) }.toIntArray())
        val repaired =
            RepairedMosaic(Mosaic(width, height, samples, 2 * width), listOf(found), Placement(0, 0, width, height))
        val content = ByteBuffer.allocate(2 * width * height).order(ByteOrder.LITTLE_ENDIAN)
        val row = ShortArray(width)
        for (index in 0 until height) {
            repaired.readRow(index, row)
            row.forEach(content::putShort)
        }
        assertArrayEquals(case.bytes("repaired"), content.array())
    }

    @ParameterizedTest
    @MethodSource("shadings")
    fun lensShadingEqualsPythons(case: Case) {
        val frame = case.child("frame").frame()
        val multiple = case.number("multiple_px").toInt()
        val rows = alignedIndices(frame.cfa.offsetRows, frame.mosaic.heightPx, multiple)
        val columns = alignedIndices(frame.cfa.offsetColumns, frame.mosaic.widthPx, multiple)
        val gains = LensShading(frame, rows, columns).over(Area(0, 0, columns.size / 2, rows.size / 2))
        assertArrayEquals(interleaved(case.floats("gains")).bits(), gains.bits())
    }

    @ParameterizedTest
    @MethodSource("colorShifts")
    fun coloursMoveAsInPython(case: Case) {
        val (width, height) = case.integers("size_px")
        val whole = Area(0, 0, width, height)
        val move = ColorMove(case.floats("matrix"), case.text("color_shift") == "smoothed")
        val moved = move.apply(interleaved(case.floats("light")), whole, whole)
        assertArrayEquals(interleaved(case.floats("moved")).bits(), moved.bits())
    }

    @ParameterizedTest
    @MethodSource("exposures")
    fun exposureEqualsPythons(case: Case) {
        val shoulder = Shoulder.of(case.number("ev"), case.number("knee"))
        val found = floatArrayOf(shoulder.gain, shoulder.knee, shoulder.bend)
        assertArrayEquals(case.floats("shoulder").bits(), found.bits())
        val exposed = case.floats("light").map(shoulder::of).toFloatArray()
        assertArrayEquals(case.floats("exposed").bits(), exposed.bits())
    }

    @ParameterizedTest
    @MethodSource("autos")
    fun automaticExposureEqualsPythons(case: Case) {
        val contract =
            GoldenSteps
                .cases("prepare")
                .first()
                .child("contract")
                .contract()
        assertEquals(case.number("ev"), autoExposureEv(case.child("frame").frame(), contract))
    }

    @Test
    fun curveEqualsPythons() {
        val case = GoldenSteps.case("curve")
        val curve = Curve(case.number("offset"))
        assertArrayEquals(
            case.floats("values").bits(),
            case
                .floats("light")
                .map(curve::of)
                .toFloatArray()
                .bits(),
        )
    }

    @ParameterizedTest
    @MethodSource("noises")
    fun noisePlaneEqualsPythons(case: Case) {
        val noise = noiseOfQuads(case.child("noise_profile").noiseProfile(), case.numbers("gains").toDoubleArray())
        assertArrayEquals(case.floats("quad_noise").bits(), floatArrayOf(noise.shot, noise.read).bits())
        val exposure = case.number("ev").takeIf { it != 0.0 }?.let { Shoulder.of(it, case.number("knee")) }
        val scale = (case.number("denoise") / case.number("noise_full_scale")).toFloat()
        val gain = if ("shading" in case) interleaved(case.floats("shading")) else null
        val plane = NoisePlane(noise, exposure, Curve(1.0 / 2048), scale).over(interleaved(case.floats("light")), gain)
        assertArrayEquals(case.floats("plane").bits(), plane.bits())
    }

    @Test
    fun estimatedNoiseEqualsPythons() {
        val case = GoldenSteps.case("estimate_noise")
        val (width, height) = case.integers("size_px")
        val samples = ByteBuffer.allocate(2 * width * height)
        case.bytes("mosaic_8_bit").forEach { samples.putShort((it.toInt() and 0xff).toShort()) }
        samples.flip()
        val frame =
            RawFrame(
                Mosaic(width, height, samples, 2 * width),
                Cfa.valueOf(case.text("cfa")),
                case.numbers("black_level").toDoubleArray(),
                case.number("white_level"),
                doubleArrayOf(1.0, 1.0, 1.0),
                null,
            )
        val found = estimateNoise(frame)
        assertNotNull(found)
        assertEquals(case.number("shot"), found!!.scale[1])
        assertEquals(case.number("read"), found.offset[1])
    }

    @ParameterizedTest
    @MethodSource("preparations")
    fun allStepsTogetherEqualPythons(case: Case) {
        val planes = preparation(case)
        val size = planes.size
        assertEquals(case.integers("packed_size_px"), listOf(size.widthPx, size.heightPx))
        assertArrayEquals(case.floats("planes").bits(), planes.planes(size.area).bits())
    }

    @ParameterizedTest
    @MethodSource("preparations")
    fun anyWindowIsWhatTheWholeHolds(case: Case) {
        val planes = preparation(case)
        val size = planes.size
        val whole = planes.planes(size.area)
        for (top in 0 until size.heightPx) {
            for (left in 0 until size.widthPx) {
                val part = Area(left, top, minOf(3, size.widthPx - left), minOf(2, size.heightPx - top))
                val expected =
                    (0 until part.heightPx).flatMap { row ->
                        val at = planes.count * ((top + row) * size.widthPx + left)
                        whole.toList().subList(at, at + planes.count * part.widthPx)
                    }
                assertEquals(expected, planes.planes(part).toList())
            }
        }
    }

    @Test
    fun aPartOfAFrameHasTheFramesShading() {
        val frame =
            GoldenSteps
                .cases("prepare")
                .first()
                .child("frame")
                .frame()
        val part = frame.centred(14, 10)
        assertEquals(listOf(2, 2), listOf(part.placement.leftPx, part.placement.topPx))
        assertArrayEquals(shading(frame).over(Area(1, 1, 7, 5)), shading(part).over(Area(0, 0, 7, 5)))
    }

    @Test
    fun aPartOfAFrameHasTheFramesPlanesAndBadPixels() {
        val case = GoldenSteps.cases("prepare").first()
        val contract = case.child("contract").contract()
        val part = case.child("frame").frame().centred(18, 10)
        assertEquals(listOf(0, 2), listOf(part.placement.leftPx, part.placement.topPx))
        // Where all that the steps reach is within the part, column 7 left out, which is bad throughout.
        val planes = Preparation(part, contract).planes(Area(6, 2, 1, 1))
        assertArrayEquals(preparation(case).planes(Area(6, 3, 1, 1)), planes)
    }

    @Test
    fun optionsThatNoPictureNeedsAreRefused() {
        assertThrows(RawException::class.java) { PrepareOptions(exposureEv = 9.0) }
        assertThrows(RawException::class.java) { PrepareOptions(exposureEv = Double.NaN) }
        assertThrows(RawException::class.java) { PrepareOptions(denoise = 2.5) }
    }

    private fun preparation(case: Case): Preparation {
        val options = case.child("options")
        val contract: InputContract = case.child("contract").contract()
        return Preparation(case.child("frame").frame(), contract, options.options())
    }

    private fun shading(frame: RawFrame) =
        LensShading(
            frame,
            IntArray(frame.mosaic.heightPx / 2 * 2) { it },
            IntArray(frame.mosaic.widthPx / 2 * 2) { it },
        )

    private fun Case.options() = PrepareOptions(evOrNull(), flag("lens_shading"), number("denoise"))

    /** From four planes to four values per pixel. */
    private fun interleaved(planes: FloatArray) =
        FloatArray(planes.size) { planes[it % 4 * (planes.size / 4) + it / 4] }

    companion object {
        @JvmStatic
        fun repairs() = GoldenSteps.cases("repair")

        @JvmStatic
        fun shadings() = GoldenSteps.cases("lens_shading")

        @JvmStatic
        fun colorShifts() = GoldenSteps.cases("color_shift")

        @JvmStatic
        fun exposures() = GoldenSteps.cases("exposure")

        @JvmStatic
        fun autos() = GoldenSteps.cases("auto_ev")

        @JvmStatic
        fun noises() = GoldenSteps.cases("noise_plane")

        @JvmStatic
        fun preparations() = GoldenSteps.cases("prepare")
    }
}
