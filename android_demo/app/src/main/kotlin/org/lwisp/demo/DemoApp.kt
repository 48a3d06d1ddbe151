package org.lwisp.demo

import android.app.Application
import org.lwisp.demo.work.DemoController

/** Holds what outlives the activity. */
class DemoApp : Application() {
    val controller by lazy { DemoController(this) }
}
