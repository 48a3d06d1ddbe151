package org.lwisp.core

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.lwisp.core.contract.ModelFile
import org.lwisp.core.contract.sha256Of
import org.lwisp.core.engine.Developer
import org.lwisp.core.engine.Engine
import org.lwisp.core.engine.PackedSize
import org.lwisp.core.engine.Step
import org.lwisp.core.engine.Tensor
import org.lwisp.core.engine.TimeSplit
import org.lwisp.core.engine.neededBytes
import org.lwisp.core.json.parseJson
import org.lwisp.core.measure.AppRun
import org.lwisp.core.measure.resultsJson
import org.lwisp.core.measure.summarise

class DeveloperTest {
    private val bytes = byteArrayOf(1, 2, 3)
    private val model = ModelFile("m.tflite", sha256Of(bytes), floatContract())
    private val frame =
        Golden
            .cases("prepare")
            .first { it.text("name") == "GRBG odd" }
            .child("frame")
            .frame()
    private val opened = ArrayList<GreyEngine>()

    private fun developer(clock: () -> Long = System::nanoTime) =
        Developer(model, bytes, { _, _, size -> GreyEngine(size).also { opened.add(it) } }, clock)

    @Test
    fun aFrameIsDevelopedStepByStepAndTimed() {
        var now = 0L
        val steps = ArrayList<Step>()
        val developed =
            developer { now }.develop(frame) {
                steps.add(it)
                now += 1_000_000L
            }
        assertEquals(Step.entries, steps)
        assertEquals(
            listOf(frame.mosaic.widthPx, frame.mosaic.heightPx),
            listOf(developed.picture.widthPx, developed.picture.heightPx),
        )
        assertTrue(developed.picture.argb.all { it == 0xff808080.toInt() })
        assertEquals("grey", developed.backend)
        assertEquals(1.0, developed.time.prepareMs)
    }

    @Test
    fun anEngineIsKeptForFramesOfOneSizeAndClosedForAnother() {
        developer().use { developer ->
            developer.develop(frame)
            assertEquals(0.0, developer.develop(frame).time.loadMs)
            assertEquals(1, opened.size)
            developer.develop(frame.centred(4, 4))
            assertEquals(listOf(true, false), opened.map { it.closed })
        }
        assertTrue(opened.all { it.closed })
    }

    @Test
    fun workIsStoppedBetweenSteps() {
        developer().use { developer ->
            assertThrows(CancelledException::class.java) {
                developer.develop(frame) { if (it == Step.INFER) throw CancelledException() }
            }
            developer.develop(frame)
        }
    }

    @Test
    fun aModelWithAnotherHashIsNeverLoaded() {
        assertThrows(ContractException::class.java) {
            Developer(model, byteArrayOf(1, 2, 4), { _, _, _ -> error("was loaded") })
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
    fun neededMemoryIsPythons() {
        for (precision in listOf("int8", "fp16", "float32")) {
            assertEquals(Golden.case("memory").number(precision).toLong() * 250_000, neededBytes(1000, 1000, precision))
        }
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
                PackedSize(4, 6),
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
        assertEquals(model.sha256, (tree["model"] as Map<*, *>)["sha256"])
        assertEquals(1.5, (tree["summary"] as Map<*, *>)["p50_ms"])
        assertTrue(tree.containsKey("thermal_after") && tree["thermal_after"] == null)
    }

    private class GreyEngine(
        private val size: PackedSize,
    ) : Engine {
        var closed = false
        override val backend = "grey"

        override fun run(packed: Tensor): Tensor {
            check(!closed) { "ran after it was closed" }
            assertEquals(size.widthPx * size.heightPx * 4, (packed as Tensor.Float32).values.size)
            return Tensor.Float32(FloatArray(size.widthPx * size.heightPx * 12) { 0.5f })
        }

        override fun close() {
            closed = true
        }
    }
}
