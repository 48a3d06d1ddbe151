package org.lwisp.demo.work

import android.content.Context
import org.lwisp.core.contract.Bundle
import org.lwisp.core.contract.CONTRACT_FILE
import org.lwisp.core.contract.readBundle
import org.lwisp.core.engine.Developed
import org.lwisp.core.engine.Developer
import org.lwisp.core.measure.AppRun
import org.lwisp.core.raw.RawFrame
import org.lwisp.demo.R
import org.lwisp.demo.engine.LiteRtEngines

private const val WARM_UP = 3

/** Develops and measures; keeps the model of the last settings. Used by the worker thread alone. */
class Studio(
    private val context: Context,
) {
    private val bundle: Bundle by lazy { readBundle(String(asset(CONTRACT_FILE), Charsets.UTF_8)) }
    private var developer: Developer? = null
    private var developerKey: Any? = null

    fun develop(
        source: Source,
        settings: Settings,
        ticket: Ticket,
    ): Developed {
        val frame = part(source, settings)
        return developerOf(settings).develop(frame) { ticket.step(it) }
    }

    /** The developed picture, and a series of runs on it. */
    fun measure(
        source: Source,
        settings: Settings,
        runs: Int,
        ticket: Ticket,
    ): Pair<Developed, AppRun> {
        val frame = part(source, settings)
        val developer = developerOf(settings)
        val thermalBefore = thermalStatus(context)
        val series =
            List(WARM_UP + runs) { index ->
                ticket.step(Doing.Busy(R.string.step_measure, listOf(index + 1, WARM_UP + runs)))
                developer.develop(frame)
            }
        val samples = series.map { it.time.inferenceMs }
        val run =
            AppRun(
                model = bundle.model(settings.precision),
                device = deviceFacts(),
                accelerator = if (settings.gpu) "GPU" else "CPU",
                backend = series.last().backend,
                threads = settings.threads,
                size = series.last().size,
                warmUpMs = samples.take(WARM_UP),
                samplesMs = samples.drop(WARM_UP),
                split = series.last().time.copy(loadMs = series.first().time.loadMs),
                thermalBefore = thermalBefore,
                thermalAfter = thermalStatus(context),
                takenAt = utcNow(),
            )
        return Pair(series.last(), run)
    }

    private fun part(
        source: Source,
        settings: Settings,
    ): RawFrame {
        val frame = settings.partPx?.let { source.frame.centred(it, it) } ?: source.frame
        checkMemory(context, frame.mosaic, settings.precision)
        return frame
    }

    private fun developerOf(settings: Settings): Developer {
        developer?.takeIf { developerKey == settings.engineKey }?.let { return it }
        developer?.close()
        val model = bundle.model(settings.precision)
        val engines = LiteRtEngines(context.cacheDir, settings.gpu, settings.threads)
        developerKey = settings.engineKey
        return Developer(model, asset(model.file), engines).also { developer = it }
    }

    private fun asset(name: String): ByteArray = context.assets.open("bundle/$name").use { it.readBytes() }
}
