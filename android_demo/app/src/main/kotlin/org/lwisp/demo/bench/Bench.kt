package org.lwisp.demo.bench

import android.content.Context
import android.os.Debug
import org.lwisp.core.contract.Bundle
import org.lwisp.core.contract.CONTRACT_FILE
import org.lwisp.core.contract.readBundle
import org.lwisp.core.engine.EngineFactory
import org.lwisp.core.measure.BenchJob
import org.lwisp.core.measure.jobFailure
import org.lwisp.core.measure.jobResult
import org.lwisp.core.measure.readJob
import org.lwisp.core.measure.runJob
import org.lwisp.demo.engine.Accelerator
import org.lwisp.demo.engine.Target
import org.lwisp.demo.work.deviceFacts
import org.lwisp.demo.work.thermalStatus
import java.io.File
import java.util.concurrent.Executors

private const val BYTES_PER_KB = 1024L

/** Runs the harness's jobs, one after the other, on a thread of its own. */
class Bench(
    private val context: Context,
    /** By precision, what engines a target gets. */
    private val engines: (Target) -> EngineFactory,
) {
    private val worker = Executors.newSingleThreadExecutor { Thread(it, "bench") }

    /** Runs the job that lies in its folder, and writes its result there. onDone: called on the worker's thread. */
    fun submit(
        id: String,
        onDone: () -> Unit,
    ) = worker.execute {
        val folder = jobFolder(context, id)
        val result =
            try {
                run(id, folder)
            } catch (error: Throwable) {
                // The harness waits for an answer whatever happened.
                jobFailure(id, error.message ?: error.toString())
            }
        keep(folder, RESULT_FILE, result.toByteArray())
        onDone()
    }

    private fun run(
        id: String,
        folder: File,
    ): String {
        val job = readJob(File(folder, JOB_FILE).readText())
        val images = List(job.images) { File(folder, "$INPUT_FILE$it").readBytes() }
        val bundle: Bundle = readBundle(String(asset(CONTRACT_FILE), Charsets.UTF_8))
        val thermalBefore = thermalStatus(context)
        val series = runJob(job, bundle, ::asset, engines(targetOf(job, bundle)), images)
        series.outputs.forEachIndexed { index, bytes -> keep(folder, "$OUTPUT_FILE$index", bytes) }
        val facts =
            mapOf(
                "device" to deviceFacts(),
                "pss_bytes" to Debug.getPss() * BYTES_PER_KB,
                "thermal_before" to thermalBefore,
                "thermal_after" to thermalStatus(context),
            )
        return jobResult(job, series, facts)
    }

    private fun targetOf(
        job: BenchJob,
        bundle: Bundle,
    ): Target {
        val precision =
            bundle.models
                .firstOrNull { it.sha256 == job.modelSha256 }
                ?.contract
                ?.precision
        return Target(precision.orEmpty(), Accelerator.valueOf(job.accelerator.uppercase()), job.threads)
    }

    private fun asset(name: String): ByteArray = context.assets.open("bundle/$name").use { it.readBytes() }
}
