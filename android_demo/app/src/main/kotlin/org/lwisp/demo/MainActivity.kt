package org.lwisp.demo

import android.Manifest
import android.app.Activity
import android.content.Context
import android.content.Intent
import android.content.pm.PackageManager
import android.net.Uri
import android.os.Bundle
import android.view.View
import android.widget.Button
import org.lwisp.core.measure.resultsJson
import org.lwisp.demo.camera.CameraProblem
import org.lwisp.demo.files.openDocument
import org.lwisp.demo.files.openSample
import org.lwisp.demo.files.writeDocument
import org.lwisp.demo.files.writePng
import org.lwisp.demo.ui.CaptureView
import org.lwisp.demo.ui.Controls
import org.lwisp.demo.ui.Screen
import org.lwisp.demo.work.Doing
import org.lwisp.demo.work.Workbench
import java.io.OutputStream

private const val RUNS = 30

/** One screen: take or open a RAW frame, develop it, measure, save. Rotation keeps everything: the workbench has it. */
class MainActivity : Activity() {
    private lateinit var workbench: Workbench
    private lateinit var controls: Controls
    private lateinit var capture: CaptureView

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.activity_main)
        workbench = (application as DemoApp).workbench
        controls = Controls(this)
        capture = CaptureView(this, workbench)
        bindButtons()
    }

    override fun onStart() {
        super.onStart()
        val screen = Screen(this, controls)
        workbench.listener = screen::show
    }

    override fun onStop() {
        capture.close()
        workbench.listener = null
        super.onStop()
    }

    override fun onRequestPermissionsResult(
        requestCode: Int,
        permissions: Array<String>,
        grantResults: IntArray,
    ) {
        if (grantResults.firstOrNull() == PackageManager.PERMISSION_GRANTED) {
            capture.start()
        } else {
            workbench.show(Doing.Failed(CameraProblem.NO_PERMISSION.text))
        }
    }

    override fun onActivityResult(
        requestCode: Int,
        resultCode: Int,
        data: Intent?,
    ) {
        val uri = data?.data ?: return
        val state = workbench.state
        val app = applicationContext
        when (Request.entries[requestCode]) {
            Request.OPEN -> {
                workbench.open { openDocument(app, uri) }
            }

            Request.PICTURE, Request.SHARE -> {
                state.developed?.let {
                    save(
                        uri,
                        requestCode,
                    ) { out -> writePng(it.picture, out) }
                }
            }

            Request.DNG -> {
                state.source?.let {
                    save(uri, requestCode) { out ->
                        it.dng.inputStream().use { file ->
                            file.copyTo(out)
                        }
                    }
                }
            }

            Request.RESULTS -> {
                state.run?.let {
                    save(
                        uri,
                        requestCode,
                    ) { out -> out.write(resultsJson(it).toByteArray()) }
                }
            }
        }
    }

    private fun bindButtons() {
        onClick(R.id.capture) { askAndCapture() }
        onClick(R.id.open) { startActivityForResult(openIntent(), Request.OPEN.ordinal) }
        onClick(R.id.sample) { workbench.open { openSample(applicationContext) } }
        onClick(R.id.develop) { workbench.develop(controls.settings()) }
        onClick(R.id.measure) { workbench.measure(controls.settings(), RUNS) }
        onClick(R.id.stop) {
            capture.close()
            workbench.stop()
        }
        onClick(R.id.save_picture) { create("image/png", "lwisp.png", Request.PICTURE) }
        onClick(R.id.save_dng) { create("image/x-adobe-dng", "lwisp.dng", Request.DNG) }
        onClick(R.id.save_results) { create("application/json", "lwisp.json", Request.RESULTS) }
        onClick(R.id.share) { create("image/png", "lwisp.png", Request.SHARE) }
    }

    private fun onClick(
        id: Int,
        action: () -> Unit,
    ) = findViewById<Button>(id).setOnClickListener { _: View -> action() }

    private fun askAndCapture() {
        if (checkSelfPermission(Manifest.permission.CAMERA) == PackageManager.PERMISSION_GRANTED) {
            capture.start()
        } else {
            requestPermissions(arrayOf(Manifest.permission.CAMERA), 0)
        }
    }

    /** Some providers know DNG files only as "application/octet-stream". */
    private fun openIntent() = Intent(Intent.ACTION_OPEN_DOCUMENT).addCategory(Intent.CATEGORY_OPENABLE).setType("*/*")

    private fun create(
        type: String,
        name: String,
        request: Request,
    ) {
        val intent = Intent(Intent.ACTION_CREATE_DOCUMENT).addCategory(Intent.CATEGORY_OPENABLE)
        startActivityForResult(intent.setType(type).putExtra(Intent.EXTRA_TITLE, name), request.ordinal)
    }

    private fun save(
        uri: Uri,
        requestCode: Int,
        write: (OutputStream) -> Unit,
    ) {
        val app = applicationContext
        workbench.save({ writeDocument(app, uri, write) }) { if (requestCode == Request.SHARE.ordinal) share(app, uri) }
    }

    /** From the application: the activity may be another one by now. */
    private fun share(
        app: Context,
        uri: Uri,
    ) {
        val intent = Intent(Intent.ACTION_SEND).setType("image/png").putExtra(Intent.EXTRA_STREAM, uri)
        intent.addFlags(Intent.FLAG_GRANT_READ_URI_PERMISSION)
        app.startActivity(Intent.createChooser(intent, null).addFlags(Intent.FLAG_ACTIVITY_NEW_TASK))
    }

    private enum class Request { OPEN, PICTURE, DNG, RESULTS, SHARE }
}
