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
 * The app's work and its state, which outlive the activity when the phone is turned.
 *
 * Jobs run one after the other on a thread of their own; the state changes on the main thread alone.
 */
class Workbench(
    context: Context,
) {
    private val main = Handler(Looper.getMainLooper())
    private val worker: ExecutorService = Executors.newSingleThreadExecutor { Thread(it, "develop") }
    private val current = AtomicReference<Ticket?>()
    private val studio = Studio(context)

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
        submit(R.string.step_start) { ticket ->
            val picture = studio.develop(source, settings, ticket)
            update { it.copy(picture = picture, run = null, doing = Doing.Idle) }
        }
    }

    /** Times the model on the frame, `runs` times after a warm-up. */
    fun measure(
        settings: Settings,
        runs: Int,
    ) {
        val source = state.source ?: return
        submit(R.string.step_start) { ticket ->
            val (picture, run) = studio.measure(source, settings, runs, ticket)
            update { it.copy(picture = picture, run = run, doing = Doing.Idle) }
        }
    }

    /** Writes a document. write: runs on the worker thread. */
    fun save(
        saved: Saved,
        write: () -> Unit,
    ) = submit(R.string.step_save) {
        write()
        update { it.copy(saved = saved, doing = Doing.Saved) }
    }

    /** Finds something out on the worker thread and hands it on on the main thread; the app stays busy. */
    fun <T> ask(
        text: Int,
        question: () -> T,
        answer: (T) -> Unit,
    ) = submit(text) {
        val found = question()
        main.post { answer(found) }
    }

    /** Stops the job after the part it's in. */
    fun stop() {
        current.get()?.stopped = true
    }

    /** Shows what the camera is doing. */
    fun show(doing: Doing) = update { it.copy(doing = doing) }

    private fun submit(
        text: Int,
        job: (Ticket) -> Unit,
    ) {
        val ticket = Ticket { show(it) }
        current.set(ticket)
        show(Doing.Busy(text))
        worker.execute {
            try {
                job(ticket)
            } catch (stopped: CancelledException) {
                show(Doing.Stopped)
            } catch (error: CameraException) {
                show(Doing.Failed(error.problem.text))
            } catch (error: MemoryException) {
                show(memoryProblem(error))
            } catch (error: LwispException) {
                show(Doing.Failed(R.string.problem, listOf(error.message.orEmpty())))
            } catch (error: IOException) {
                show(Doing.Failed(R.string.file_problem, listOf(error.message.orEmpty())))
            }
        }
    }

    private fun memoryProblem(error: MemoryException): Doing {
        val (width, height) = error.frame.run { Pair(2 * widthPx, 2 * heightPx) }
        val megabytes = listOf(error.neededBytes, maxOf(error.freeBytes, 0)).map { it shr 20 }
        return Doing.Failed(R.string.memory_problem, listOf(width, height) + megabytes)
    }

    private fun update(change: (DemoState) -> DemoState) {
        main.post { change(change) }
    }

    private fun change(change: (DemoState) -> DemoState) {
        state = change(state)
        listener?.invoke(state)
    }
}
