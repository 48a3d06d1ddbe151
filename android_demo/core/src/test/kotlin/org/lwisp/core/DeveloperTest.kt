package org.lwisp.core

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.lwisp.core.contract.ModelFile
import org.lwisp.core.contract.Signature
import org.lwisp.core.contract.sha256Of
import org.lwisp.core.engine.Developed
import org.lwisp.core.engine.Developer
import org.lwisp.core.engine.Engine
import org.lwisp.core.engine.Progress
import org.lwisp.core.engine.Step
import org.lwisp.core.engine.Tensor
import org.lwisp.core.engine.TimeSplit
import org.lwisp.core.json.parseJson
import org.lwisp.core.measure.AppRun
import org.lwisp.core.measure.resultsJson
import org.lwisp.core.measure.summarise
import org.lwisp.core.picture.Picture
import org.lwisp.core.raw.Cfa
import org.lwisp.core.raw.Mosaic
import org.lwisp.core.raw.PackedSize
import org.lwisp.core.raw.RawFrame
import org.lwisp.core.tile.MemoryBudget
import org.lwisp.core.tile.TilePlan
import org.lwisp.core.tile.runBytes
import org.lwisp.core.tile.splitSide
import java.nio.ByteBuffer
import kotlin.random.Random

class DeveloperTest {
    private val bytes = byteArrayOf(1, 2, 3)
    private val model = ModelFile("m.tflite", sha256Of(bytes), floatContract(haloPx = HALO))
    private val frame =
        Golden
            .cases("prepare")
            .first { it.text("name") == "GRBG odd" }
            .child("frame")
            .frame()
    private val opened = ArrayList<Twice>()

    private fun developer(clock: () -> Long = System::nanoTime) =
        Developer(model, bytes, { _, _, signature, size -> Twice(signature, size).also { opened.add(it) } }, clock)

    private fun developed(
        developer: Developer,
        frame: RawFrame,
        budget: MemoryBudget = PLENTY,
        report: (Progress) -> Unit = {},
    ): Pair<Picture, Developed> {
        val (width, height) = frame.uprightSize
        val picture = Picture(width, height)
        return Pair(picture, developer.develop(frame, picture, budget, report = report))
    }

    @Test
    fun aFrameIsDevelopedStepByStepAndTimed() {
        var now = 0L
        val steps = ArrayList<Pair<Step, Int>>()
        val (picture, developed) =
            developed(developer { now }, frame) {
                steps.add(Pair(it.step, it.tile))
                assertEquals(1, it.tiles)
                now += 1_000_000L
            }
        val context = listOf(Step.PREPARE, Step.LOAD, Step.INFER).map { Pair(it, 0) }
        assertEquals(context + Step.entries.map { Pair(it, 1) }, steps)
        assertTrue(picture.argb.all { it ushr 24 == 0xff })
        assertEquals("twice", developed.backend)
        assertEquals(TimeSplit(0.0, 0.0, 0.0, 0.0), developed.time)
    }

    @Test
    fun tilesGiveTheWholeFramesPicture() {
        val large = noisy(190, 141)
        for (orientation in 1..8) {
            val turned = large.turned(orientation)
            val (whole, one) = developer().use { developed(it, turned) }
            val (tiled, many) = developer().use { developed(it, turned, little(32 * 24)) }
            assertEquals(1, one.plan.count)
            assertTrue(many.plan.count >= 12) { "${many.plan.count} tiles" }
            assertArrayEquals(whole.argb, tiled.argb)
        }
    }

    @Test
    fun enginesAreKeptForTilesOfOneSizeAndClosedForAnother() {
        developer().use { developer ->
            val large = noisy(190, 141)
            developed(developer, large, little(32 * 24))
            val (_, again) = developed(developer, large, little(32 * 24))
            assertEquals(0.0, again.time.loadMs)
            assertEquals(listOf("context", "develop"), opened.map { it.signature.name })
            developed(developer, large.centred(64, 64), little(32 * 24))
            assertEquals(listOf(false, true, false), opened.map { it.closed })
        }
        assertTrue(opened.all { it.closed })
    }

    @Test
    fun workIsStoppedBetweenSteps() {
        developer().use { developer ->
            assertThrows(CancelledException::class.java) {
                developed(developer, frame) { if (it.step == Step.INFER && it.tile == 1) throw CancelledException() }
            }
            developed(developer, frame)
        }
    }

    @Test
    fun aModelWithAnotherHashIsNeverLoaded() {
        assertThrows(ContractException::class.java) {
            Developer(model, byteArrayOf(1, 2, 4), { _, _, _, _ -> error("was loaded") })
        }
    }

    @Test
    fun latencyEqualsPythons() {
        val case = Golden.case("latency")
        val summary = summarise(case.numbers("samples_ms"))
        val expected = case.child("summary")
        assertEquals(expected.number("p50_ms"), summary.p50Ms, 1e-9)
        assertEquals(expected.number("p90_ms"), summary.p90Ms, 1e-9)
        assertEquals(expected.number("p99_ms"), summary.p99Ms, 1e-9)
        assertEquals(expected.number("mad_ms"), summary.madMs, 1e-9)
        assertEquals(expected.number("min_ms"), summary.minMs)
        assertThrows(IllegalArgumentException::class.java) { summarise(emptyList()) }
    }

    @Test
    fun resultsKeepEverySampleAndSayWhatIsUnknown() {
        val run =
            AppRun(
                model,
                mapOf("model" to "a phone", "soc" to null),
                "GPU",
                "GPU",
                null,
                PackedSize(40, 60),
                TilePlan(PackedSize(40, 40), splitSide(60, 40, 8), splitSide(40, 40, 8)),
                listOf(9.0),
                listOf(2.0, 1.0),
                TimeSplit(1.0, 2.0, 3.0, 4.0),
                "none",
                null,
                "2026-01-01T00:00:00Z",
            )
        val tree = parseJson(resultsJson(run)) as Map<*, *>
        assertEquals("lwisp-app-run", tree["format"])
        assertEquals(listOf(2.0, 1.0), tree["samples_ms"])
        assertEquals("GPU, 2 tiles of 40x40 packed px", tree["backend"])
        assertEquals(model.sha256, (tree["model"] as Map<*, *>)["sha256"])
        assertEquals(1.5, (tree["summary"] as Map<*, *>)["p50_ms"])
        assertTrue(tree.containsKey("thermal_after") && tree["thermal_after"] == null)
    }

    /** A frame of noise. */
    private fun noisy(
        widthPx: Int,
        heightPx: Int,
    ): RawFrame {
        val samples = ByteBuffer.allocate(2 * widthPx * heightPx)
        val random = Random(widthPx)
        repeat(widthPx * heightPx) { samples.putShort(random.nextInt(1024).toShort()) }
        samples.flip()
        val mosaic = Mosaic(widthPx, heightPx, samples, 2 * widthPx)
        return RawFrame(mosaic, Cfa.GBRG, DoubleArray(4) { 64.0 }, 1023.0, doubleArrayOf(2.0, 1.0, 1.5), null)
    }

    private fun RawFrame.turned(orientation: Int) =
        RawFrame(mosaic, cfa, blackLevel, whiteLevel, wbGains, cameraToSrgb, orientation)

    /** Memory for tiles of so many packed pixels. */
    private fun little(tilePx: Long) = MemoryBudget(runBytes(model.contract, tilePx), PLENTY.heapBytes)

    /**
     * A stand-in for the network: sums what lies within the halo, and adds the context, which is the sample's mean.
     * Twice the size in three colours.
     */
    private class Twice(
        val signature: Signature,
        private val size: PackedSize,
    ) : Engine {
        var closed = false
        override val backend = "twice"

        override fun run(inputs: Map<String, Tensor>): Map<String, Tensor> {
            check(!closed) { "ran after it was closed" }
            assertEquals(signature.inputs.map { it.name }.toSet(), inputs.keys)
            val packed = (inputs.getValue("packed") as Tensor.Float32).values
            assertEquals(4 * size.px, packed.size.toLong())
            if (signature.name ==
                "context"
            ) {
                return mapOf("gate" to Tensor.Float32(floatArrayOf(packed.average().toFloat())))
            }
            val gate = (inputs.getValue("gate") as Tensor.Float32).values.single()
            return mapOf(
                "rgb" to Tensor.Float32(FloatArray((12 * size.px).toInt()) { gate / 2 + sum(packed, it) / 99 }),
            )
        }

        override fun close() {
            closed = true
        }

        private fun sum(
            packed: FloatArray,
            at: Int,
        ): Float {
            val y = at / 3 / (2 * size.widthPx) / 2
            val x = at / 3 % (2 * size.widthPx) / 2
            var sum = 0f
            for (step in -HALO..HALO) {
                if (x + step in 0 until size.widthPx) sum += packed[4 * (y * size.widthPx + x + step) + at % 3]
                if (y + step in 0 until size.heightPx) sum += packed[4 * ((y + step) * size.widthPx + x) + at % 3]
            }
            return sum
        }
    }

    private companion object {
        const val HALO = 3
        val PLENTY = MemoryBudget(1L shl 40, 1L shl 40)
    }
}
