package org.lwisp.demo

import android.app.Application
import org.lwisp.demo.bench.Bench
import org.lwisp.demo.engine.LiteRtRuntime
import org.lwisp.demo.work.DemoController
import org.lwisp.demo.work.socModel

/** Holds what outlives the activities: one LiteRT environment, the screen's jobs, the harness's jobs. */
class DemoApp : Application() {
    private val runtime by lazy { LiteRtRuntime(this, BuildConfig.VERSION_NAME, socModel()) }
    val controller by lazy { DemoController(this) { runtime.engines(it) } }
    val bench by lazy { Bench(this) { runtime.engines(it) } }
}
