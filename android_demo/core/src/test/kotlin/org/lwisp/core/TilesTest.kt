package org.lwisp.core

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource
import org.lwisp.core.context.contextSample
import org.lwisp.core.context.cropSpans
import org.lwisp.core.contract.CONTRACT_FILE
import org.lwisp.core.contract.ContextContract
import org.lwisp.core.contract.readBundle
import org.lwisp.core.raw.PackedSize
import org.lwisp.core.raw.Preparation
import org.lwisp.core.tile.MemoryBudget
import org.lwisp.core.tile.planTiles
import org.lwisp.core.tile.runBytes
import org.lwisp.core.tile.splitSide
import java.io.File

class TilesTest {
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

    @Test
    fun theWholeFrameIsOneTileWhereItFits() {
        val plan = planTiles(PackedSize(2016, 1504), int8, MemoryBudget(8 * GB, GB))
        assertEquals(listOf(1L, 2016L * 1504), listOf(plan.count.toLong(), plan.px))
    }

    /** Phones' sensors, 12 to 50 megapixels, in the memory of small and large phones. */
    @Test
    fun plansKeepTheirBudgetAndMoreMemoryNeverCostsMore() {
        for (frame in listOf(PackedSize(2016, 1504), PackedSize(2304, 1728), PackedSize(4096, 3072))) {
            for (contract in listOf(int8, fp16)) {
                val plans =
                    listOf(256L, 512, 1024, 2048).map { megabytes ->
                        val budget = MemoryBudget(megabytes shl 20, megabytes shl 18)
                        planTiles(frame, contract, budget).also {
                            assertTrue(runBytes(contract, it.tile.px) <= budget.runBytes)
                            val kept = it.tiles().sumOf { tile -> tile.keep.px.toLong() }
                            assertEquals(frame.px, kept)
                        }
                    }
                plans.zipWithNext { less, more -> assertTrue(more.px <= less.px) }
                val costs = plans.map { "%.2f".format(it.px.toDouble() / frame.px) }
                println(
                    "plans: ${contract.precision} ${2 * frame.widthPx}x${2 * frame.heightPx} px, work by budget $costs",
                )
            }
        }
    }

    @Test
    fun tooLittleMemoryIsNamedWithWhatIsNeeded() {
        val frame = PackedSize(2016, 1504)
        val run =
            assertThrows(MemoryException::class.java) { planTiles(frame, int8, MemoryBudget(60 shl 20, GB)) }
        assertTrue(run.neededBytes > run.freeBytes && "4032x3008 px" in run.message!!) { run.message!! }
        planTiles(frame, int8, MemoryBudget(run.neededBytes, GB))
        val heap = assertThrows(MemoryException::class.java) { planTiles(frame, int8, MemoryBudget(GB, 1000)) }
        planTiles(frame, int8, MemoryBudget(GB, heap.neededBytes))
    }

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
        fun spans() = Golden.cases("context_spans")

        @JvmStatic
        fun samples() = Golden.cases("context_samples")
    }
}
