package org.lwisp.demo

import android.Manifest
import android.app.Activity
import android.content.Intent
import android.content.pm.PackageManager
import android.net.Uri
import android.os.Bundle
import android.view.View
import android.widget.Button
import org.lwisp.demo.camera.CameraProblem
import org.lwisp.demo.files.Document
import org.lwisp.demo.files.openDocument
import org.lwisp.demo.files.openSample
import org.lwisp.demo.files.writeDocument
import org.lwisp.demo.ui.CaptureView
import org.lwisp.demo.ui.Controls
import org.lwisp.demo.ui.Screen
import org.lwisp.demo.work.DemoController
import org.lwisp.demo.work.Saved
import org.lwisp.demo.work.Status

private const val RUNS = 30

/** One screen: take or open a RAW frame, develop it, measure, save. Rotation loses nothing: the controller has it. */
class MainActivity : Activity() {
    private lateinit var controller: DemoController
    private lateinit var controls: Controls
    private lateinit var capture: CaptureView

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.activity_main)
        controller = (application as DemoApp).controller
        controls = Controls(this)
        capture = CaptureView(this, controller)
        bindButtons()
    }

    override fun onStart() {
        super.onStart()
        val screen = Screen(this, controls)
        controller.listener = screen::show
    }

    override fun onStop() {
        capture.close()
        controller.listener = null
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
            controller.show(Status.Failed(CameraProblem.NO_PERMISSION.text))
        }
    }

    override fun onActivityResult(
        requestCode: Int,
        resultCode: Int,
        data: Intent?,
    ) {
        val uri = data?.data ?: return
        val app = applicationContext
        if (requestCode == OPEN) {
            controller.open { openDocument(app, uri) }
        } else {
            save(uri, Document.entries[requestCode])
        }
    }

    private fun bindButtons() {
        onClick(R.id.capture) { askAndCapture() }
        onClick(R.id.open) { startActivityForResult(openIntent(), OPEN) }
        onClick(R.id.sample) { controller.open { openSample(applicationContext) } }
        onClick(R.id.develop) { controller.develop(controls.settings()) }
        onClick(R.id.measure) { controller.measure(controls.settings(), RUNS) }
        onClick(R.id.stop) {
            capture.close()
            controller.stop()
        }
        onClick(R.id.save_picture) { create(Document.PICTURE) }
        onClick(R.id.save_dng) { create(Document.DNG) }
        onClick(R.id.save_results) { create(Document.RESULTS) }
        onClick(R.id.share) { controller.state.saved?.let(::share) }
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

    private fun create(document: Document) {
        val intent = Intent(Intent.ACTION_CREATE_DOCUMENT).addCategory(Intent.CATEGORY_OPENABLE)
        intent.setType(document.type).putExtra(Intent.EXTRA_TITLE, document.file)
        startActivityForResult(intent, document.ordinal)
    }

    private fun save(
        uri: Uri,
        document: Document,
    ) {
        val app = applicationContext
        // The system may have ended the app while the user chose a place.
        val write =
            document.content(controller.state) ?: return controller.show(Status.Failed(R.string.nothing_to_save))
        controller.save(Saved(uri, document.type)) { writeDocument(app, uri, write) }
    }

    private fun share(saved: Saved) {
        val intent = Intent(Intent.ACTION_SEND).setType(saved.type).putExtra(Intent.EXTRA_STREAM, saved.uri)
        intent.addFlags(Intent.FLAG_GRANT_READ_URI_PERMISSION)
        startActivity(Intent.createChooser(intent, null))
    }

    private companion object {
        /** Beside the documents' numbers. */
        const val OPEN = 100
    }
}
