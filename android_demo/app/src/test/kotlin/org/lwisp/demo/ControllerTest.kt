package org.lwisp.demo

import android.content.Context
import android.os.Looper
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource
import org.lwisp.core.CancelledException
import org.lwisp.core.EngineException
import org.lwisp.demo.work.DemoController
import org.lwisp.demo.work.Status
import java.io.IOException

class ControllerTest {
    private val controller = DemoController(Context()) { error("no engine is needed") }

    @ParameterizedTest
    @MethodSource("failures")
    fun whateverAJobThrowsIsToldAndTheNextJobRuns(
        error: Throwable,
        text: Int,
    ) {
        controller.open { throw error }
        val status = settled()
        assertEquals(text, (status as Status.Failed).text)
        controller.open { throw CancelledException() }
        assertTrue(settled() is Status.Stopped)
    }

    /** Waits for the worker, and runs what it posted to the main thread. */
    private fun settled(): Status {
        Looper.drain()
        repeat(1000) {
            Looper.drain()
            if (controller.state.status !is Status.Busy) return controller.state.status
            Thread.sleep(5)
        }
        error("The job didn't end.")
    }

    private companion object {
        @JvmStatic
        fun failures() =
            listOf(
                arrayOf(EngineException("no"), R.string.problem),
                arrayOf(IOException("disk"), R.string.file_problem),
                arrayOf(OutOfMemoryError(), R.string.heap_problem),
                arrayOf(IllegalStateException("driver"), R.string.internal_problem),
                arrayOf(NoSuchMethodError("driver"), R.string.internal_problem),
            )
    }
}
