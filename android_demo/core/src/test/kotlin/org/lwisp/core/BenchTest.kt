package org.lwisp.core

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.condition.EnabledIfSystemProperty
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.CsvSource
import org.lwisp.core.contract.CONTRACT_FILE
import org.lwisp.core.contract.readBundle
import org.lwisp.core.json.parseJson
import org.lwisp.core.json.toJson
import org.lwisp.core.measure.isJobId
import org.lwisp.core.measure.jobFailure
import org.lwisp.core.measure.jobResult
import org.lwisp.core.measure.readJob
import org.lwisp.core.measure.runJob
import java.io.File

/** The harness's jobs, with the shipped model. */
class BenchTest {
    private val folder = File(property("lwisp.bundle"))
    private val bundle = readBundle(File(folder, CONTRACT_FILE).readText())
    private val golden =
        Case(parseJson(File(property("lwisp.golden")).resolveSibling("model.json").readText()) as Map<*, *>)
    private val size = golden.integers("packed_size_px")

    @Test
    @EnabledIfSystemProperty(named = "lwisp.litert", matches = ".+", disabledReason = "needs LiteRT's C library")
    fun aJobsOutputsEqualPythonsAndItsRunsAreCounted() {
        val job = readJob(job())
        val codes = golden.bytes("codes")
        val series = runJob(job, bundle, ::read, ::HostEngine, List(job.images) { codes })
        assertEquals(2, series.outputs.size)
        series.outputs.forEach { assertArrayEquals(golden.bytes("rgb"), it) }
        assertEquals(listOf(3, 3), listOf(series.runs.size, series.startS.size))
        assertTrue(series.runs.all { it.inferenceMs > 0 && it.inputMs > 0 && it.outputMs > 0 })
        assertTrue(series.warmUpMs.size >= 2)
        val result = parseJson(jobResult(job, series, mapOf("pss_bytes" to 5L))) as Map<*, *>
        assertEquals(RESULT_KEYS, result.keys)
        assertEquals("0123456789ab", result["id"])
        println("int8: a job's outputs equal Python's")
    }

    @ParameterizedTest
    @CsvSource(
        "format, lwisp-app-run, lwisp-app-job",
        "format_version, 2, version 1",
        "id, ../../etc, hexadecimal",
        "threads, four, a number is needed",
        "colour, red, unknown",
    )
    fun otherJobsAreRefused(
        key: String,
        value: String,
        message: String,
    ) {
        val wrong = job(key to (value.toDoubleOrNull()?.toInt() ?: value))
        val error = assertThrows(ContractException::class.java) { readJob(wrong) }
        assertTrue(message in error.message!!) { error.message!! }
    }

    @Test
    fun modelsThatTheAppLacksAndOtherSizesAreRefused() {
        val engines = ::HostEngine
        val images = listOf(ByteArray(8))
        for (wrong in listOf(job("model_sha256" to "ab"), job("width_px" to size[0] + 1), job())) {
            val job = readJob(wrong)
            assertThrows(ContractException::class.java) { runJob(job, bundle, ::read, engines, images) }
        }
        assertTrue("\"error\": \"why\"" in jobFailure("ab", "why"))
    }

    @Test
    fun idsAreHexadecimal() {
        assertEquals(
            listOf(true, false, false, false),
            listOf("0123456789ab", "0123", "0123456/", "0123456.").map(::isJobId),
        )
    }

    private fun read(name: String) = File(folder, name).readBytes()

    private fun job(vararg changes: Pair<String, Any>): String =
        toJson(
            mapOf(
                "format" to "lwisp-app-job",
                "format_version" to 1,
                "id" to "0123456789ab",
                "model_sha256" to golden.text("model_sha256"),
                "width_px" to size[0],
                "height_px" to size[1],
                "accelerator" to "cpu",
                "threads" to 1,
                "images" to 2,
                "limits" to
                    mapOf(
                        "min_runs" to 3,
                        "min_s" to 0,
                        "rule" to "both",
                        "min_warm_up" to 2,
                        "settled_cv" to 0.05,
                        "max_warm_up_s" to 0.1,
                    ),
            ) + changes,
        )

    private companion object {
        /** As the harness's runner reads them. */
        val RESULT_KEYS =
            setOf(
                "format",
                "format_version",
                "id",
                "error",
                "backend",
                "prepare_ms",
                "first_ms",
                "warm_up_ms",
                "settled",
            ) +
                setOf("wall_ms", "input_ms", "output_ms", "start_s", "pss_bytes")
    }
}
