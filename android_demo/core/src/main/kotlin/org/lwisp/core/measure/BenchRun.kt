package org.lwisp.core.measure

import org.lwisp.core.ContractException
import org.lwisp.core.contract.Bundle
import org.lwisp.core.contract.ElementType
import org.lwisp.core.contract.ModelFile
import org.lwisp.core.contract.TensorSpec
import org.lwisp.core.engine.Engine
import org.lwisp.core.engine.EngineFactory
import org.lwisp.core.engine.RunTime
import org.lwisp.core.engine.Tensor
import org.lwisp.core.json.toJson
import org.lwisp.core.raw.PackedSize
import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.math.sqrt

private const val RESULT_FORMAT = "lwisp-app-job-result"
private const val MS_PER_NS = 1e-6
private const val S_PER_NS = 1e-9

/** The steady runs of a job, and what came before them. */
class BenchSeries(
    val backend: String,
    val prepareMs: Double,
    val firstMs: Double,
    val warmUpMs: List<Double>,
    val isSettled: Boolean,
    val runs: List<RunTime>,
    /** Of each run, in seconds since the first. */
    val startS: List<Double>,
    /** Of each input: the outputs' bytes, one after the other, as the model returns them. */
    val outputs: List<ByteArray>,
)

/**
 * Runs a job on a model of the bundle. modelBytes: reads a file of the bundle. images: the input tensor's bytes, in the
 * model's own type, little endian. Raises [org.lwisp.core.LwispException].
 */
fun runJob(
    job: BenchJob,
    bundle: Bundle,
    modelBytes: (String) -> ByteArray,
    engines: EngineFactory,
    images: List<ByteArray>,
    clock: () -> Long = System::nanoTime,
): BenchSeries {
    val model = modelOf(job, bundle)
    val (signature, spec) = Pair(model.contract.whole, model.contract.inputTensor)
    val inputs = images.map { mapOf(spec.name to tensorOf(it, spec, job.size)) }
    val bytes = model.checked(modelBytes(model.file))
    val start = clock()
    return engines.open(model, bytes, signature, job.size).use { engine ->
        val prepared = clock()
        val series = Series(engine, inputs.first(), job.limits, clock)
        val firstMs = series.run().inferenceMs
        val (warmUp, isSettled) = series.warmUp()
        val (runs, starts) = series.steady()
        val outputs =
            inputs.map { input ->
                val made = engine.run(input)
                signature.outputs.map { bytesOf(made.getValue(it.name)) }.reduce(ByteArray::plus)
            }
        BenchSeries(
            engine.backend,
            (prepared - start) * MS_PER_NS,
            firstMs,
            warmUp,
            isSettled,
            runs,
            starts,
            outputs,
        )
    }
}

/** A job's result as JSON. facts: what the phone reports about itself, by name. */
fun jobResult(
    job: BenchJob,
    series: BenchSeries,
    facts: Map<String, Any?>,
): String =
    toJson(
        mapOf(
            "format" to RESULT_FORMAT,
            "format_version" to JOB_VERSION,
            "id" to job.id,
            "error" to null,
            "backend" to series.backend,
            "prepare_ms" to series.prepareMs,
            "first_ms" to series.firstMs,
            "warm_up_ms" to series.warmUpMs,
            "settled" to series.isSettled,
            "wall_ms" to series.runs.map { it.inferenceMs },
            "input_ms" to series.runs.map { it.inputMs },
            "output_ms" to series.runs.map { it.outputMs },
            "start_s" to series.startS,
        ) + facts,
    )

/** The result of a job that failed. */
fun jobFailure(
    id: String,
    message: String,
): String = toJson(mapOf("format" to RESULT_FORMAT, "format_version" to JOB_VERSION, "id" to id, "error" to message))

private fun modelOf(
    job: BenchJob,
    bundle: Bundle,
): ModelFile {
    val model =
        bundle.models.firstOrNull { it.sha256 == job.modelSha256 }
            ?: throw ContractException(
                "The app has no model ${job.modelSha256.take(16)}…, only ${bundle.models.joinToString { it.file }}. " +
                    "Build it with -Plwisp.bundle=BUNDLE and install it again.",
            )
    val multiple = model.contract.whole.multiplePx
    if (job.size.run { minOf(widthPx, heightPx) < multiple || widthPx % multiple != 0 || heightPx % multiple != 0 }) {
        throw ContractException("${job.size} isn't a multiple of $multiple packed px. Give another --size.")
    }
    return model
}

private class Series(
    private val engine: Engine,
    private val input: Map<String, Tensor>,
    private val limits: JobLimits,
    private val clock: () -> Long,
) {
    fun run(): RunTime {
        engine.run(input)
        return engine.lastRun
    }

    /** Until the last runs hardly vary. */
    fun warmUp(): Pair<List<Double>, Boolean> {
        val samples = ArrayList<Double>()
        val begin = clock()
        while (samples.size < limits.minWarmUp || secondsSince(begin) < limits.maxWarmUpS) {
            samples += run().inferenceMs
            if (isSettled(samples)) return Pair(samples, true)
        }
        return Pair(samples, false)
    }

    fun steady(): Pair<List<RunTime>, List<Double>> {
        val runs = ArrayList<RunTime>()
        val starts = ArrayList<Double>()
        val begin = clock()
        while (!isEnough(runs.size, secondsSince(begin))) {
            starts += secondsSince(begin)
            runs += run()
        }
        return Pair(runs, starts)
    }

    private fun isSettled(samples: List<Double>): Boolean {
        val last = samples.takeLast(limits.minWarmUp)
        if (limits.minWarmUp < 2 || last.size < limits.minWarmUp) return false
        val mean = last.average()
        return sqrt(last.sumOf { (it - mean) * (it - mean) } / (last.size - 1)) < limits.settledCv * mean
    }

    private fun isEnough(
        runs: Int,
        seconds: Double,
    ): Boolean {
        if (limits.both) return runs >= limits.minRuns && seconds >= limits.minS
        return runs >= limits.minRuns || (runs >= 1 && limits.minS > 0 && seconds >= limits.minS)
    }

    private fun secondsSince(begin: Long) = (clock() - begin) * S_PER_NS
}

private fun tensorOf(
    bytes: ByteArray,
    spec: TensorSpec,
    size: PackedSize,
): Tensor {
    val needed = (size.px * spec.bytesPerPackedPx).toLong()
    if (bytes.size.toLong() != needed) {
        throw ContractException("An input has ${bytes.size} bytes; \"${spec.name}\" at $size takes $needed.")
    }
    if (spec.type == ElementType.INT8) return Tensor.Int8(bytes)
    val floats = FloatArray(bytes.size / ElementType.FLOAT32.bytes)
    ByteBuffer
        .wrap(bytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer()
        .get(floats)
    return Tensor.Float32(floats)
}

private fun bytesOf(tensor: Tensor): ByteArray =
    when (tensor) {
        is Tensor.Int8 -> {
            tensor.values
        }

        is Tensor.Float32 -> {
            val bytes = ByteBuffer.allocate(ElementType.FLOAT32.bytes * tensor.size).order(ByteOrder.LITTLE_ENDIAN)
            bytes.asFloatBuffer().put(tensor.values)
            bytes.array()
        }
    }
