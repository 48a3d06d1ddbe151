package org.lwisp.demo

import android.Manifest
import android.app.Activity
import android.content.Intent
import android.content.pm.PackageManager
import android.os.Bundle
import android.view.View
import android.widget.Button
import org.lwisp.demo.camera.CameraProblem
import org.lwisp.demo.files.Document
import org.lwisp.demo.files.hasFrame
import org.lwisp.demo.files.openDocument
import org.lwisp.demo.files.openFrame
import org.lwisp.demo.files.openSample
import org.lwisp.demo.files.shareDocument
import org.lwisp.demo.files.writeDocument
import org.lwisp.demo.ui.CaptureView
import org.lwisp.demo.ui.Controls
import org.lwisp.demo.ui.Screen
import org.lwisp.demo.work.DemoController
import org.lwisp.demo.work.Shared
import org.lwisp.demo.work.Status

private const val RUNS = 30

/** Saved while the camera is open, or a frame: the system may end the app behind another one. */
private const val CAPTURING = "capturing"
private const val HAD_FRAME = "had frame"

/** One screen: take or open a RAW frame, develop it, compare, measure, save. Rotation loses nothing: the controller has it. */
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
        if (controller.state.lenses.isEmpty()) controller.start()
        if (savedInstanceState != null && controller.state.source == null) restore(savedInstanceState)
    }

    override fun onStart() {
        super.onStart()
        controller.listener = Screen(this, controls)::show
    }

    override fun onSaveInstanceState(outState: Bundle) {
        outState.putBoolean(CAPTURING, capture.isOpen)
        outState.putBoolean(HAD_FRAME, controller.state.source != null)
        super.onSaveInstanceState(outState)
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
            openCamera()
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
        if (requestCode == OPEN) return controller.open { openDocument(app, uri) }
        // The system may have ended the app while the user chose a place.
        val write = Document.entries[requestCode].content(controller.state) ?: return nothingToSave()
        controller.save { writeDocument(app, uri, write) }
    }

    /** The system has ended the app meanwhile: what is in the cache comes back, what was under way is told. */
    private fun restore(saved: Bundle) {
        val app = applicationContext
        val name = getString(R.string.restored_name)
        if (saved.getBoolean(HAD_FRAME) && hasFrame(app)) controller.open { openFrame(app, name) }
        if (saved.getBoolean(CAPTURING)) controller.show(Status.Failed(R.string.capture_interrupted))
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
        onClick(R.id.share) { sharePicture() }
    }

    private fun onClick(
        id: Int,
        action: () -> Unit,
    ) = findViewById<Button>(id).setOnClickListener { _: View -> action() }

    private fun askAndCapture() {
        if (checkSelfPermission(Manifest.permission.CAMERA) == PackageManager.PERMISSION_GRANTED) {
            openCamera()
        } else {
            requestPermissions(arrayOf(Manifest.permission.CAMERA), 0)
        }
    }

    private fun openCamera() {
        val camera = controls.camera ?: return controller.show(Status.Failed(CameraProblem.NO_RAW.text))
        capture.start(camera)
    }

    /** Some providers know DNG files only as "application/octet-stream". */
    private fun openIntent() = Intent(Intent.ACTION_OPEN_DOCUMENT).addCategory(Intent.CATEGORY_OPENABLE).setType("*/*")

    private fun create(document: Document) {
        val intent = Intent(Intent.ACTION_CREATE_DOCUMENT).addCategory(Intent.CATEGORY_OPENABLE)
        intent.setType(document.type).putExtra(Intent.EXTRA_TITLE, document.file)
        startActivityForResult(intent, document.ordinal)
    }

    private fun sharePicture() {
        val write = shareDocument(applicationContext, Document.PICTURE, controller.state) ?: return nothingToSave()
        var shared: Shared? = null
        controller.save({ shared?.let(::send) }) { shared = write() }
    }

    private fun send(shared: Shared) {
        val intent = Intent(Intent.ACTION_SEND).setType(shared.type).putExtra(Intent.EXTRA_STREAM, shared.uri)
        intent.addFlags(Intent.FLAG_GRANT_READ_URI_PERMISSION)
        startActivity(Intent.createChooser(intent, null))
    }

    private fun nothingToSave() = controller.show(Status.Failed(R.string.nothing_to_save))

    private companion object {
        /** Beside the documents' numbers. */
        const val OPEN = 100
    }
}
