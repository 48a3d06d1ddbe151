package org.lwisp.core.measure

import org.lwisp.core.ContractException
import org.lwisp.core.json.parseObject
import org.lwisp.core.raw.PackedSize

/** Version of the jobs and of their results. */
const val JOB_VERSION = 1
private const val JOB_FORMAT = "lwisp-app-job"
private val ID = Regex("[0-9a-f]{8,64}")

/** Whether a job's name may be part of a path. */
fun isJobId(text: String): Boolean = ID.matches(text)

/** When warm-up and steady runs end, as the harness's own worker has it. */
class JobLimits(
    val minRuns: Int,
    val minS: Double,
    /** Whether both minima are to be reached, or either of them. */
    val both: Boolean,
    /** Number of latest runs whose coefficient of variation decides whether latency has settled. */
    val minWarmUp: Int,
    val settledCv: Double,
    val maxWarmUpS: Double,
)

/** What the harness asks of the app: one model at one size, timed, and its outputs for some inputs. */
class BenchJob(
    val id: String,
    /** Of a model of the app's bundle. */
    val modelSha256: String,
    val size: PackedSize,
    /** cpu, gpu or npu. */
    val accelerator: String,
    val threads: Int,
    /** How many input files there are; the first is timed. */
    val images: Int,
    val limits: JobLimits,
)

/** Reads a job, all of it. Raises [ContractException] naming what is missing or unknown. */
fun readJob(text: String): BenchJob =
    parseObject(text, "job.json").complete {
        val (format, version) = Pair(text("format"), integer("format_version"))
        if (format != JOB_FORMAT || version != JOB_VERSION) {
            throw ContractException(
                "The job is $format version $version; this app reads $JOB_FORMAT version $JOB_VERSION. Update the older.",
            )
        }
        BenchJob(
            id =
                text(
                    "id",
                ).also { if (!isJobId(it)) throw ContractException("The job's id \"$it\" isn't hexadecimal.") },
            modelSha256 = text("model_sha256"),
            size = PackedSize(integer("width_px"), integer("height_px")),
            accelerator = text("accelerator"),
            threads = integer("threads"),
            images = integer("images"),
            limits =
                child("limits").complete {
                    JobLimits(
                        integer("min_runs"),
                        number("min_s"),
                        rule(text("rule")),
                        integer("min_warm_up"),
                        number("settled_cv"),
                        number("max_warm_up_s"),
                    )
                },
        )
    }

private fun rule(name: String): Boolean =
    when (name) {
        "both" -> true
        "either" -> false
        else -> throw ContractException("The job's rule is \"$name\"; both and either are known. Update the app.")
    }
