package org.lwisp.demo.work

import android.content.Context
import android.os.Handler
import android.os.Looper
import org.lwisp.core.CancelledException
import org.lwisp.core.LwispException
import org.lwisp.core.MemoryException
import org.lwisp.demo.R
import org.lwisp.demo.camera.CameraException
import java.io.IOException
import java.util.concurrent.ExecutorService
import java.util.concurrent.Executors
import java.util.concurrent.atomic.AtomicReference

/**
 * The app's jobs and its state, which outlive the activity when the screen rotates.
 *
 * Jobs run one after the other on a thread of their own; the state changes on the main thread alone.
 */
class DemoController(
    context: Context,
) {
    private val main = Handler(Looper.getMainLooper())
    private val worker: ExecutorService = Executors.newSingleThreadExecutor { Thread(it, "develop") }
    private val current = AtomicReference<Job?>()
    private val runner = ModelRunner(context)

    /** Called on the main thread after every change; one screen at a time. */
    var listener: ((DemoState) -> Unit)? = null
        set(value) {
            field = value
            value?.invoke(state)
        }

    var state = DemoState()
        private set

    /** Loads a frame. load: runs on the worker thread. */
    fun open(load: () -> Source) =
        submit(R.string.step_read) {
            val source = load()
            update { DemoState(source = source) }
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

    /** Writes a document. write: runs on the worker thread. */
    fun save(
        saved: Saved,
        write: () -> Unit,
    ) = submit(R.string.step_save) {
        write()
        update { it.copy(saved = saved, status = Status.Saved) }
    }

    /** Runs `query` on the worker thread and hands its result over on the main thread; the app stays busy. */
    fun <T> query(
        text: Int,
        query: () -> T,
        onResult: (T) -> Unit,
    ) = submit(text) {
        val result = query()
        main.post { onResult(result) }
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
        worker.execute {
            try {
                work(job)
            } catch (stopped: CancelledException) {
                show(Status.Stopped)
            } catch (error: CameraException) {
                show(Status.Failed(error.problem.text))
            } catch (error: MemoryException) {
                show(memoryProblem(error))
            } catch (error: LwispException) {
                show(Status.Failed(R.string.problem, listOf(error.message.orEmpty())))
            } catch (error: IOException) {
                show(Status.Failed(R.string.file_problem, listOf(error.message.orEmpty())))
            }
        }
    }

    private fun memoryProblem(error: MemoryException): Status {
        val (width, height) = error.frame.run { Pair(2 * widthPx, 2 * heightPx) }
        val megabytes = listOf(error.neededBytes, maxOf(error.freeBytes, 0)).map { it shr 20 }
        return Status.Failed(R.string.memory_problem, listOf(width, height) + megabytes)
    }

    private fun update(change: (DemoState) -> DemoState) {
        main.post { change(change) }
    }

    private fun change(change: (DemoState) -> DemoState) {
        state = change(state)
        listener?.invoke(state)
    }
}
