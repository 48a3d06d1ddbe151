package org.lwisp.demo

import android.app.Application
import org.lwisp.demo.work.Workbench

/** Holds what outlives the activity. */
class DemoApp : Application() {
    val workbench by lazy { Workbench(this) }
}
