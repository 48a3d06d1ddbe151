package org.lwisp.core.measure

import org.lwisp.core.contract.ModelFile
import org.lwisp.core.engine.TimeSplit
import org.lwisp.core.json.toJson
import org.lwisp.core.tile.FramePlan

/** Version of the results' JSON. */
const val RESULTS_VERSION = 1

/** A series of runs on one device and everything needed to judge it; `null` for what is unknown. */
class AppRun(
    val model: ModelFile,
    /** Manufacturer, model, SoC, Android version, LiteRT version, app version: what the phone reports about itself. */
    val device: Map<String, String?>,
    /** What was requested, GPU or CPU. */
    val accelerator: String,
    /** What really ran. */
    val backend: String,
    val threads: Int?,
    /** The tiles of every run. */
    val plan: FramePlan,
    val warmUpMs: List<Double>,
    val samplesMs: List<Double>,
    /** Of the last whole picture. */
    val split: TimeSplit,
    val thermalBefore: String?,
    val thermalAfter: String?,
    /** ISO 8601, UTC. */
    val takenAt: String,
)

/** A run as JSON: raw samples in the order they were taken, the summary beside them. */
fun resultsJson(run: AppRun): String =
    toJson(
        mapOf(
            "format" to "lwisp-app-run",
            "format_version" to RESULTS_VERSION,
            "taken_at" to run.takenAt,
            "clock" to "wall",
            "model" to modelTree(run.model),
            "device" to run.device,
            "accelerator" to run.accelerator,
            "backend" to whatRan(run),
            "threads" to run.threads,
            "packed_size_px" to run.plan.frame.run { listOf(widthPx, heightPx) },
            "thermal_before" to run.thermalBefore,
            "thermal_after" to run.thermalAfter,
            "warm_up_ms" to run.warmUpMs,
            "samples_ms" to run.samplesMs,
            "summary" to summaryTree(summarise(run.samplesMs)),
            "split_ms" to splitTree(run.split),
        ),
    )

/** A frame in tiles is more work than the same frame whole: readers must see it. */
private fun whatRan(run: AppRun): String =
    with(run.plan) {
        if (isWhole) run.backend else "${run.backend}, $runs tiles in ${stages.size} stages"
    }

private fun modelTree(model: ModelFile) =
    mapOf("file" to model.file, "sha256" to model.sha256, "precision" to model.contract.precision)

private fun summaryTree(summary: LatencySummary) =
    mapOf(
        "runs" to summary.runs,
        "p50_ms" to summary.p50Ms,
        "p90_ms" to summary.p90Ms,
        "p99_ms" to summary.p99Ms,
        "mad_ms" to summary.madMs,
        "min_ms" to summary.minMs,
    )

private fun splitTree(split: TimeSplit) =
    mapOf(
        "load_ms" to split.loadMs,
        "prepare_ms" to split.prepareMs,
        "inference_ms" to split.inferenceMs,
        "render_ms" to split.storeMs,
    )
