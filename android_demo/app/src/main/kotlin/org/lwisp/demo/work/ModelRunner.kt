package org.lwisp.demo.work

import android.content.Context
import org.lwisp.core.MemoryException
import org.lwisp.core.contract.Bundle
import org.lwisp.core.contract.CONTRACT_FILE
import org.lwisp.core.contract.readBundle
import org.lwisp.core.engine.Developed
import org.lwisp.core.engine.Developer
import org.lwisp.core.engine.EngineFactory
import org.lwisp.core.measure.AppRun
import org.lwisp.core.raw.PackedSize
import org.lwisp.core.raw.RawFrame
import org.lwisp.demo.R
import org.lwisp.demo.engine.SharedFeatures
import org.lwisp.demo.engine.Target

private const val WARM_UP = 3

/** Develops and measures; keeps the engines of the last target open. Used by the worker thread alone. */
class ModelRunner(
    private val context: Context,
    private val engines: (Target) -> EngineFactory,
) {
    private val bundle: Bundle by lazy { readBundle(String(asset(CONTRACT_FILE), Charsets.UTF_8)) }
    private var developer: Developer? = null
    private var developerTarget: Target? = null

    /** Precisions whose model is told the noise. */
    fun noiseAware(): Set<String> =
        bundle.models
            .filter { it.contract.input.hasNoisePlane }
            .map { it.contract.precision }
            .toSet()

    fun develop(
        source: Source,
        settings: Settings,
        job: Job,
    ): DevelopedPicture {
        val frame = part(source, settings)
        val picture = emptyPicture(frame)
        val budget = memoryBudget(context)
        val developed =
            developerOf(
                settings.target,
            ).develop(frame, picture, budget, settings.options()) { job.step(it) }
        return DevelopedPicture(developed, picture.bitmap)
    }

    /** The developed picture, and a series of runs on it. */
    fun measure(
        source: Source,
        settings: Settings,
        runs: Int,
        job: Job,
    ): Pair<DevelopedPicture, AppRun> {
        val frame = part(source, settings)
        val picture = emptyPicture(frame)
        // One budget for all runs, so that all have the same tiles.
        val budget = memoryBudget(context)
        val thermalBefore = thermalStatus(context)
        val series =
            List(WARM_UP + runs) { index ->
                val busy = Status.Busy(R.string.step_measure, listOf(index + 1, WARM_UP + runs))
                developerOf(settings.target).develop(frame, picture, budget, settings.options()) { job.step(busy) }
            }
        return Pair(DevelopedPicture(series.last(), picture.bitmap), appRun(settings, series, thermalBefore))
    }

    private fun appRun(
        settings: Settings,
        series: List<Developed>,
        thermalBefore: String?,
    ): AppRun {
        val samples = series.map { it.time.inferenceMs }
        return AppRun(
            model = bundle.model(settings.target.precision),
            device = deviceFacts(),
            accelerator = settings.target.accelerator.name,
            backend = series.last().backend,
            threads = settings.target.threads,
            plan = series.last().plan,
            warmUpMs = samples.take(WARM_UP),
            samplesMs = samples.drop(WARM_UP),
            split = series.last().time.copy(loadMs = series.first().time.loadMs),
            thermalBefore = thermalBefore,
            thermalAfter = thermalStatus(context),
            takenAt = utcNow(),
        )
    }

    private fun part(
        source: Source,
        settings: Settings,
    ): RawFrame = settings.partPx?.let { source.frame.centred(it, it) } ?: source.frame

    private fun emptyPicture(frame: RawFrame): BitmapSink {
        val (width, height) = frame.uprightSize
        try {
            return BitmapSink(width, height)
        } catch (error: OutOfMemoryError) {
            throw MemoryException(PackedSize(width / 2, height / 2), neededBytes = 4L * width * height, freeBytes = 0)
        }
    }

    private fun developerOf(target: Target): Developer {
        developer?.takeIf { developerTarget == target }?.let { return it }
        developer?.close()
        developer = null
        val model = bundle.model(target.precision)
        developerTarget = target
        return Developer(model, asset(model.file), engines(target), SharedFeatures).also { developer = it }
    }

    private fun asset(name: String): ByteArray = context.assets.open("bundle/$name").use { it.readBytes() }
}
