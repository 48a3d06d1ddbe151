package org.lwisp.core

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.lwisp.core.contract.ModelFile
import org.lwisp.core.contract.SignatureContract
import org.lwisp.core.contract.sha256Of
import org.lwisp.core.engine.Developed
import org.lwisp.core.engine.Developer
import org.lwisp.core.engine.EngineFactory
import org.lwisp.core.engine.Progress
import org.lwisp.core.engine.Step
import org.lwisp.core.engine.TimeSplit
import org.lwisp.core.json.parseJson
import org.lwisp.core.measure.AppRun
import org.lwisp.core.measure.resultsJson
import org.lwisp.core.measure.summarise
import org.lwisp.core.picture.Picture
import org.lwisp.core.preprocess.Preparation
import org.lwisp.core.raw.Cfa
import org.lwisp.core.raw.Mosaic
import org.lwisp.core.raw.PackedSize
import org.lwisp.core.raw.RawFrame
import org.lwisp.core.tile.FramePlan
import org.lwisp.core.tile.MemoryBudget
import org.lwisp.core.tile.layTiles
import org.lwisp.core.tile.liveFeatures
import org.lwisp.core.tile.planFrame
import java.nio.ByteBuffer
import kotlin.random.Random

class DeveloperTest {
    private val bytes = byteArrayOf(1, 2, 3)
    private val model = ModelFile("m.tflite", bytes.size, sha256Of(bytes), fakeContract())
    private val frame =
        Golden
            .cases("prepare")
            .first { it.text("name") == "GRBG odd" }
            .child("frame")
            .frame()
    private val opened = ArrayList<FakeEngine>()
    private var backendOf: (SignatureContract) -> String = { "fake" }
    private val allocator = CountingAllocator()

    private fun developer(clock: () -> Long = System::nanoTime): Developer {
        val engines =
            EngineFactory { _, _, signature, size ->
                FakeEngine(signature, size, backendOf(signature)).also { opened.add(it) }
            }
        return Developer(model, bytes, engines, allocator, clock)
    }

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
        val sample = listOf(Step.PREPARE, Step.LOAD, Step.INFER).map { Pair(it, 0) }
        assertEquals(sample + Step.entries.map { Pair(it, 1) }, steps)
        assertTrue(picture.argb.all { it ushr 24 == 0xff })
        assertEquals("fake", developed.backend)
        assertEquals(TimeSplit(0.0, 0.0, 0.0, 0.0), developed.time)
    }

    @Test
    fun tilesGiveTheWholeFramesPicture() {
        val large = noisy(190, 141)
        for (orientation in 1..8) {
            val turned = large.turned(orientation)
            val (whole, one) = developer().use { developed(it, turned) }
            val (tiled, many) = developer().use { developed(it, turned, little(large)) }
            assertTrue(one.plan.isWhole)
            assertTrue(many.plan.stages.all { it.count >= 12 }) {
                many.plan.stages
                    .map { it.count }
                    .toString()
            }
            assertArrayEquals(whole.argb, tiled.argb)
            assertTrue(whole.argb.distinct().size > 100)
        }
    }

    @Test
    fun featuresAreFreedAfterTheirLastReader() {
        val large = noisy(190, 141)
        val (_, developed) = developer().use { developed(it, large, little(large)) }
        assertEquals(0, allocator.bytes)
        // Two features of half the sides: when the third stage runs, the first is gone.
        assertEquals(2 * developed.plan.frame.px / 4 * 4, allocator.peakBytes)
        val read = fakeContract().stages.indices.map { liveFeatures(fakeContract().stages, it).map { it.name } }
        assertEquals(listOf(listOf("coarse"), listOf("coarse", "refined"), listOf("refined")), read)
    }

    @Test
    fun featuresAreFreedWhenTheWorkIsStopped() {
        val large = noisy(190, 141)
        developer().use { developer ->
            assertThrows(CancelledException::class.java) {
                developed(developer, large, little(large)) { if (it.tile == it.tiles) throw CancelledException() }
            }
        }
        assertTrue(allocator.peakBytes > 0)
        assertEquals(0, allocator.bytes)
    }

    @Test
    fun oneEngineAtATimeWhereAllDoNotFit() {
        val large = noisy(190, 141)
        developer().use { developer ->
            val (_, developed) =
                developed(developer, large, little(large)) { assertTrue(opened.count { each -> !each.closed } <= 1) }
            assertTrue(!developed.plan.keepsOpen)
            assertEquals(listOf("sample", "shrink", "refine", "enlarge"), opened.map { it.signature.name })
            assertTrue(opened.all { it.closed })
        }
    }

    @Test
    fun enginesAreKeptWhereAllFitAndClosedForAnotherPlan() {
        developer().use { developer ->
            val large = noisy(190, 141)
            val (_, first) = developed(developer, large, MemoryBudget(PLENTY.processBytes, 100_000))
            assertTrue(first.plan.keepsOpen && !first.plan.isWhole)
            val (_, again) = developed(developer, large, MemoryBudget(PLENTY.processBytes, 100_000))
            assertEquals(0.0, again.time.loadMs)
            assertEquals(listOf("sample", "shrink", "refine", "enlarge"), opened.map { it.signature.name })
            developed(developer, large)
            assertEquals(listOf(false, true, true, true, false), opened.map { it.closed })
        }
        assertTrue(opened.all { it.closed })
    }

    @Test
    fun stagesThatRanElsewhereAreNamed() {
        backendOf = { if (it.name == "refine") "CPU" else "GPU" }
        val large = noisy(190, 141)
        val (_, developed) = developer().use { developed(it, large, little(large)) }
        assertEquals("GPU (sample, shrink, enlarge); CPU (refine)", developed.backend)
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
            Developer(model, byteArrayOf(1, 2, 4), { _, _, _, _ -> error("was loaded") }, allocator)
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
                plan(PackedSize(40, 60), PackedSize(40, 40)),
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
        assertEquals("GPU, 2 tiles in 1 stages", tree["backend"])
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

    private fun plan(
        frame: PackedSize,
        tile: PackedSize,
    ) = FramePlan(frame, listOf(layTiles(frame, fakeContract().develop, tile)), 1.0, 0, keepsOpen = false)

    /** The least memory that a frame can be developed in. */
    private fun little(frame: RawFrame): MemoryBudget {
        val size = Preparation(frame, model.contract.input).size
        val needed =
            assertThrows(MemoryException::class.java) {
                planFrame(size, model.contract, MemoryBudget(0, PLENTY.heapBytes))
            }
        return MemoryBudget(needed.neededBytes, PLENTY.heapBytes)
    }

    private companion object {
        val PLENTY = MemoryBudget(1L shl 40, 1L shl 40)
    }
}
