package org.lwisp.demo.work

import android.content.Context
import android.os.Handler
import android.os.Looper
import org.lwisp.core.CancelledException
import org.lwisp.core.LwispException
import org.lwisp.core.engine.Developed
import org.lwisp.core.measure.AppRun
import org.lwisp.demo.R
import org.lwisp.demo.files.bitmapOf
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
        submit(R.string.step_prepare) { ticket ->
            val developed = studio.develop(source, settings, ticket)
            show(developed, null)
        }
    }

    /** Times the model on the frame, `runs` times after a warm-up. */
    fun measure(
        settings: Settings,
        runs: Int,
    ) {
        val source = state.source ?: return
        submit(R.string.step_prepare) { ticket ->
            val (developed, run) = studio.measure(source, settings, runs, ticket)
            show(developed, run)
        }
    }

    /** Writes something out; then, if that went well, does something on the main thread. */
    fun save(
        write: () -> Unit,
        then: () -> Unit,
    ) = submit(R.string.step_render) {
        write()
        update { it.copy(doing = Doing.Saved) }
        main.post(then)
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
            } catch (error: MemoryShortException) {
                show(Doing.Failed(R.string.memory_problem, error.figures))
            } catch (error: LwispException) {
                show(Doing.Failed(R.string.problem, listOf(error.message.orEmpty())))
            } catch (error: IOException) {
                show(Doing.Failed(R.string.file_problem, listOf(error.message.orEmpty())))
            }
        }
    }

    private fun show(
        developed: Developed,
        run: AppRun?,
    ) {
        val bitmap = bitmapOf(developed.picture)
        update { it.copy(developed = developed, bitmap = bitmap, run = run, doing = Doing.Idle) }
    }

    private fun update(change: (DemoState) -> DemoState) {
        main.post { change(change) }
    }

    private fun change(change: (DemoState) -> DemoState) {
        state = change(state)
        listener?.invoke(state)
    }
}
