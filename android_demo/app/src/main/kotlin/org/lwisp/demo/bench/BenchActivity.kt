package org.lwisp.demo.bench

import android.app.Activity
import android.content.Intent
import android.os.Bundle
import android.os.Handler
import android.os.Looper
import android.view.Gravity
import android.widget.TextView
import org.lwisp.core.measure.isJobId
import org.lwisp.demo.DemoApp
import org.lwisp.demo.R

/** Names the job in the intent that starts the activity. */
private const val JOB = "job"

/**
 * Runs a job of the harness's in the foreground: phones slow down what runs behind. Only adb's shell may start it
 * (android.permission.DUMP, in the manifest). The screen says what runs and stays on.
 */
class BenchActivity : Activity() {
    private val main = Handler(Looper.getMainLooper())
    private lateinit var text: TextView

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        text = TextView(this).apply { gravity = Gravity.CENTER }
        setContentView(text)
        text.keepScreenOn = true
        setShowWhenLocked(true)
        setTurnScreenOn(true)
        if (savedInstanceState == null) start(intent)
    }

    override fun onNewIntent(intent: Intent) {
        super.onNewIntent(intent)
        start(intent)
    }

    private fun start(intent: Intent) {
        val id = intent.getStringExtra(JOB)
        if (id == null || !isJobId(id)) return text.setText(R.string.bench_no_job)
        text.text = getString(R.string.bench_running, id)
        val bench = (application as DemoApp).bench
        bench.submit(id) { main.post { text.text = getString(R.string.bench_done, id) } }
    }
}
