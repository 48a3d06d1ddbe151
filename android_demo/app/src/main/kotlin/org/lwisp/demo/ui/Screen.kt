package org.lwisp.demo.ui

import android.app.Activity
import android.graphics.Bitmap
import android.view.View
import android.widget.Button
import android.widget.ImageView
import android.widget.TextView
import org.lwisp.demo.R
import org.lwisp.demo.work.DemoState
import org.lwisp.demo.work.Status

/** Shows a state. Everything here is on the main thread and takes no time. */
class Screen(
    private val activity: Activity,
    private val controls: Controls,
) {
    private val developed = activity.findViewById<ImageView>(R.id.developed)
    private val phone = activity.findViewById<ImageView>(R.id.phone)
    private val phoneGroup = activity.findViewById<View>(R.id.phone_group)
    private val status = activity.findViewById<TextView>(R.id.status)
    private val figures = activity.findViewById<TextView>(R.id.figures)
    private var shownPicture: Bitmap? = null
    private var shownPhone: Bitmap? = null

    fun show(state: DemoState) {
        val busy = state.status is Status.Busy
        controls.enable(!busy)
        enable(!busy, R.id.capture, R.id.open, R.id.sample)
        enable(!busy && state.source != null, R.id.develop, R.id.measure, R.id.save_dng)
        enable(!busy && state.picture != null, R.id.save_picture)
        enable(!busy && state.run != null, R.id.save_results)
        enable(!busy && state.saved != null, R.id.share)
        enable(busy, R.id.stop)
        status.text = activity.statusText(state)
        figures.text = activity.figuresText(state)
        showDeveloped(state.picture?.onScreen)
        showPhone(state.source?.jpeg)
    }

    private fun enable(
        enabled: Boolean,
        vararg ids: Int,
    ) = ids.forEach { activity.findViewById<Button>(it).isEnabled = enabled }

    private fun showDeveloped(picture: Bitmap?) {
        if (picture === shownPicture) return
        shownPicture = picture
        developed.setImageBitmap(picture)
    }

    private fun showPhone(picture: Bitmap?) {
        phoneGroup.visibility = if (picture == null) View.GONE else View.VISIBLE
        if (picture === shownPhone) return
        shownPhone = picture
        phone.setImageBitmap(picture)
    }
}
