package org.lwisp.demo.work

import android.content.Context
import android.hardware.camera2.CameraManager
import android.os.Handler
import android.os.Looper
import org.lwisp.core.CancelledException
import org.lwisp.core.LwispException
import org.lwisp.core.MemoryException
import org.lwisp.core.engine.EngineFactory
import org.lwisp.demo.R
import org.lwisp.demo.camera.CameraException
import org.lwisp.demo.camera.findRawCameras
import org.lwisp.demo.engine.Target
import java.io.IOException
import java.util.concurrent.ExecutorService
import java.util.concurrent.Executors
import java.util.concurrent.atomic.AtomicReference

/**
 * The app's jobs and its state, which outlive the activity when the screen rotates.
 *
 * Jobs run one after the other on a thread of their own; the state changes on the main thread alone. Whatever a job
 * throws ends the job, not the app.
 */
class DemoController(
    private val context: Context,
    /** What engines a target gets. */
    engines: (Target) -> EngineFactory,
) {
    private val main = Handler(Looper.getMainLooper())
    private val worker: ExecutorService = Executors.newSingleThreadExecutor { Thread(it, "develop") }
    private val current = AtomicReference<Job?>()
    private val runner = ModelRunner(context, engines)

    /** Called on the main thread after every change; one screen at a time. */
    var listener: ((DemoState) -> Unit)? = null
        set(value) {
            field = value
            value?.invoke(state)
        }

    var state = DemoState()
        private set

    /** Finds the phone's lenses and what its models are told. */
    fun start() =
        onWorker {
            val noiseAware = runner.noiseAware()
            update { it.copy(noiseAware = noiseAware) }
            val lenses = findRawCameras(context.getSystemService(CameraManager::class.java))
            update { it.copy(lenses = lenses) }
        }

    /** Loads a frame. load: runs on the worker thread. */
    fun open(load: () -> Source) =
        submit(R.string.step_read) {
            val source = load()
            update { it.copy(source = source, picture = null, run = null, status = Status.Idle) }
        }

    /** Develops the frame once. */
    fun develop(settings: Settings) {
        val source = state.source ?: return
        submit(R.string.step_start) { job ->
            val picture = runner.develop(source, settings, job)
            update { it.copy(picture = picture, run = null, status = Status.Idle) }
        }
    }

    /** Times the model on the frame, `runs` times after a warm-up. */
    fun measure(
        settings: Settings,
        runs: Int,
    ) {
        val source = state.source ?: return
        submit(R.string.step_start) { job ->
            val (picture, run) = runner.measure(source, settings, runs, job)
            update { it.copy(picture = picture, run = run, status = Status.Idle) }
        }
    }

    /** Writes a document. write: runs on the worker thread. onWritten: on the main thread. */
    fun save(
        onWritten: () -> Unit = {},
        write: () -> Unit,
    ) = submit(R.string.step_save) {
        write()
        update { it.copy(status = Status.Saved) }
        main.post(onWritten)
    }

    /** Stops the current job after its current step. */
    fun stop() {
        current.get()?.stopped = true
    }

    /** Shows what the camera is doing. */
    fun show(status: Status) = update { it.copy(status = status) }

    private fun submit(
        text: Int,
        work: (Job) -> Unit,
    ) {
        val job = Job { show(it) }
        current.set(job)
        show(Status.Busy(text))
        onWorker { work(job) }
    }

    private fun onWorker(work: () -> Unit) {
        worker.execute {
            try {
                work()
            } catch (stopped: CancelledException) {
                show(Status.Stopped)
            } catch (error: Throwable) {
                // Even what nobody has thought of, such as a driver's RuntimeException or no memory: the app lives on.
                show(failure(error))
            }
        }
    }

    private fun update(change: (DemoState) -> DemoState) {
        main.post { change(change) }
    }

    private fun change(change: (DemoState) -> DemoState) {
        state = change(state)
        listener?.invoke(state)
    }
}

/** An error in words. */
internal fun failure(error: Throwable): Status =
    when (error) {
        is CameraException -> Status.Failed(error.problem.text)
        is MemoryException -> memoryProblem(error)
        is LwispException -> Status.Failed(R.string.problem, listOf(error.message.orEmpty()))
        is IOException -> Status.Failed(R.string.file_problem, listOf(error.message.orEmpty()))
        is OutOfMemoryError -> Status.Failed(R.string.heap_problem)
        else -> Status.Failed(R.string.internal_problem, listOf(error.toString()))
    }

private fun memoryProblem(error: MemoryException): Status {
    val (width, height) = error.frame.run { Pair(2 * widthPx, 2 * heightPx) }
    val megabytes = listOf(error.neededBytes, maxOf(error.freeBytes, 0)).map { it shr 20 }
    return Status.Failed(R.string.memory_problem, listOf(width, height) + megabytes)
}
