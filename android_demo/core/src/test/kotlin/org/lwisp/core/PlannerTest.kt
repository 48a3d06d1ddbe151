package org.lwisp.core

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource
import org.junit.jupiter.params.provider.ValueSource
import org.lwisp.core.context.contextSample
import org.lwisp.core.context.cropSpans
import org.lwisp.core.contract.CONTRACT_FILE
import org.lwisp.core.contract.ContextContract
import org.lwisp.core.contract.ModelContract
import org.lwisp.core.contract.readBundle
import org.lwisp.core.preprocess.Preparation
import org.lwisp.core.raw.PackedSize
import org.lwisp.core.tile.FramePlan
import org.lwisp.core.tile.MemoryBudget
import org.lwisp.core.tile.liveFeatures
import org.lwisp.core.tile.planFrame
import org.lwisp.core.tile.splitSide
import java.io.File
import java.util.Locale

class PlannerTest {
    private val bundle = readBundle(File(property("lwisp.bundle"), CONTRACT_FILE).readText())
    private val int8 = bundle.model("int8").contract
    private val fp16 = bundle.model("fp16").contract

    @Test
    fun keptPartsLieEndToEndAndHaveTheirHalo() {
        for ((side, tile, halo) in SIDES) {
            val spans = splitSide(side, tile, halo)
            assertEquals(listOf(0, side), listOf(spans.first().keepStart, spans.last().keepStop))
            spans.zipWithNext { before, after -> assertEquals(before.keepStop, after.keepStart) }
            for (span in spans) {
                assertEquals(tile, span.stop - span.start)
                assertTrue(span.keepStart < span.keepStop)
                assertTrue(span.start == 0 || span.keepStart - span.start >= halo)
                assertTrue(span.stop == side || span.stop - span.keepStop >= halo)
            }
        }
    }

    @Test
    fun tilesWithoutAnInsideAreRefused() {
        assertThrows(IllegalArgumentException::class.java) { splitSide(64, 32, 16) }
        assertThrows(IllegalArgumentException::class.java) { splitSide(64, 80, 8) }
    }

    @ParameterizedTest
    @MethodSource("tiles")
    fun tilesLieWherePythonPutsThem(case: Case) {
        val (side, tile, halo) = listOf("side_px", "tile_px", "halo_px").map { case.number(it).toInt() }
        val found = splitSide(side, tile, halo).map { listOf(it.start, it.stop, it.keepStart, it.keepStop) }
        assertEquals(case.rows("tiles"), found)
    }

    @Test
    fun theWholeFrameIsOneTileWhereItFits() {
        val plan = planFrame(PackedSize(2016, 1504), int8, MemoryBudget(8 * GB, GB))
        assertTrue(plan.isWhole && plan.keepsOpen)
        assertEquals(1.0, plan.workFactor)
        assertEquals(int8.develop, plan.stages.single().signature)
    }

    /** Sensors of phones, in the memory of small and large ones. */
    @ParameterizedTest
    @ValueSource(ints = [12, 50])
    fun plansKeepTheirBudgetAndMoreMemoryNeverCostsMore(megapixels: Int) {
        val frame = FRAMES.getValue(megapixels)
        for ((label, contract) in listOf("INT8" to int8, "float" to fp16)) {
            val plans = BUDGETS_MB.map { planOrNull(frame, contract, it) }
            plans.filterNotNull().zipWithNext { less, more ->
                // Within the tolerance of the choice between tiles of much the same work.
                assertTrue(more.workFactor <= 1.02 * less.workFactor)
            }
            println("work: | $megapixels megapixels, $label | ${plans.joinToString(" | ", transform = ::workText)} |")
        }
    }

    @Test
    fun twelveMegapixelsIn512MegabytesCostLittleMoreThanTheWholeFrame() {
        val work = checkNotNull(planOrNull(FRAMES.getValue(12), int8, 512)).workFactor
        assertTrue(work <= 1.35) { "$work times the whole frame's multiply-adds" }
    }

    @Test
    fun aStageHoldsWhatLaterStagesRead() {
        val live = int8.stages.indices.map { stage -> liveFeatures(int8.stages, stage).map { it.name } }
        val expected =
            listOf(
                listOf("skip2"),
                listOf("skip2", "skip3"),
                listOf("skip2", "skip3", "skip4"),
                listOf("skip2", "skip3", "skip4", "upsampled3"),
                listOf("skip2", "skip3", "upsampled3", "upsampled2"),
                listOf("skip2", "upsampled2"),
            )
        assertEquals(expected, live)
    }

    @Test
    fun tooLittleMemoryIsNamedWithWhatIsNeeded() {
        val frame = PackedSize(2016, 1504)
        val process = refusal(frame, MemoryBudget(60 shl 20, GB))
        assertTrue(process.neededBytes > process.freeBytes && "4032x3008 px" in process.message!!) { process.message!! }
        val plan = planFrame(frame, int8, MemoryBudget(process.neededBytes, GB))
        assertTrue(plan.peakBytes <= process.neededBytes)
        refusal(frame, MemoryBudget(process.neededBytes - 1, GB))
        val heap = refusal(frame, MemoryBudget(GB, 1000))
        planFrame(frame, int8, MemoryBudget(GB, heap.neededBytes))
    }

    private fun planOrNull(
        frame: PackedSize,
        contract: ModelContract,
        megabytes: Long,
    ): FramePlan? {
        val budget = MemoryBudget(megabytes shl 20, megabytes shl 18)
        val plan =
            try {
                planFrame(frame, contract, budget)
            } catch (error: MemoryException) {
                return null
            }
        assertTrue(plan.peakBytes <= budget.processBytes)
        for (stage in plan.stages) assertEquals(frame.px, stage.tiles().sumOf { it.keep.px.toLong() })
        return plan
    }

    private fun workText(plan: FramePlan?) = plan?.let { "%.2f".format(Locale.ROOT, it.workFactor) } ?: "–"

    private fun refusal(
        frame: PackedSize,
        budget: MemoryBudget,
    ) = assertThrows(MemoryException::class.java) { planFrame(frame, int8, budget) }

    @ParameterizedTest
    @MethodSource("spans")
    fun cropsLieWherePythonPutsThem(case: Case) {
        val context = ContextContract(case.number("grid").toInt(), case.number("crop_px").toInt())
        val found = cropSpans(case.number("side_px").toInt(), context, 16).map { listOf(it.start, it.stop) }
        assertEquals(case.rows("spans"), found)
    }

    @ParameterizedTest
    @MethodSource("samples")
    fun samplesEqualPythonsBitForBit(case: Case) {
        val planes = Preparation(case.child("frame").frame(), case.child("contract").contract())
        val context = ContextContract(case.number("grid").toInt(), case.number("crop_px").toInt())
        val sample = contextSample(planes, context, 16)
        assertEquals(case.integers("sample_size_px"), listOf(sample.size.widthPx, sample.size.heightPx))
        assertArrayEquals(case.floats("sample").bits(), sample.planes.bits())
    }

    companion object {
        private const val GB = 1L shl 30
        private val BUDGETS_MB = listOf(256L, 512, 1024, 2048)

        /** By megapixels: 4032x3008 and 8192x6144 px, packed. */
        private val FRAMES = mapOf(12 to PackedSize(2016, 1504), 50 to PackedSize(4096, 3072))

        private val SIDES =
            listOf(
                listOf(64, 64, 112),
                listOf(400, 240, 112),
                listOf(400, 256, 112),
                listOf(1504, 1504, 112),
                listOf(2016, 880, 112),
                listOf(352, 336, 112),
                listOf(72, 24, 8),
                listOf(90, 10, 0),
            )

        @JvmStatic
        fun tiles() = Golden.cases("tiles")

        @JvmStatic
        fun spans() = Golden.cases("context_spans")

        @JvmStatic
        fun samples() = Golden.cases("context_samples")
    }
}
