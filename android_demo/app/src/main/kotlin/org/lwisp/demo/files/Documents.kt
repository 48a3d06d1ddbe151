package org.lwisp.demo.files

import android.content.Context
import android.graphics.Bitmap
import android.net.Uri
import org.lwisp.core.dng.readDng
import org.lwisp.core.picture.Picture
import org.lwisp.demo.R
import org.lwisp.demo.work.Source
import java.io.File
import java.io.IOException
import java.io.InputStream
import java.io.OutputStream
import java.nio.channels.FileChannel
import java.nio.file.StandardOpenOption

private const val SAMPLE_ASSET = "sample.dng"

/** Opens the sample that comes with the app. */
fun openSample(context: Context): Source =
    source(context, context.getString(R.string.sample_name)) { context.assets.open(SAMPLE_ASSET) }

/** Opens a DNG that the user picked. */
fun openDocument(
    context: Context,
    uri: Uri,
): Source =
    source(context, uri.lastPathSegment?.substringAfterLast('/') ?: uri.toString()) {
        context.contentResolver.openInputStream(uri) ?: throw IOException(uri.toString())
    }

/** Where a frame's DNG lies while the app shows it. */
fun cachedDng(context: Context) = File(context.cacheDir, "frame.dng")

/** Writes into a document that the user made. */
fun writeDocument(
    context: Context,
    uri: Uri,
    write: (OutputStream) -> Unit,
) {
    val stream = context.contentResolver.openOutputStream(uri, "wt") ?: throw IOException(uri.toString())
    stream.use(write)
}

/** A picture as PNG. */
fun writePng(
    picture: Picture,
    out: OutputStream,
) {
    if (!bitmapOf(picture).compress(Bitmap.CompressFormat.PNG, 100, out)) throw IOException("PNG")
}

/** A picture for the screen. */
fun bitmapOf(picture: Picture): Bitmap =
    Bitmap.createBitmap(picture.argb, picture.widthPx, picture.heightPx, Bitmap.Config.ARGB_8888)

/** Keeps a copy, mapped into memory: large mosaics needn't fit into the app's heap. */
private fun source(
    context: Context,
    name: String,
    open: () -> InputStream,
): Source {
    val file = cachedDng(context)
    // A frame may still be mapped: its file is let go of, not overwritten.
    file.delete()
    open().use { input -> file.outputStream().use { input.copyTo(it) } }
    val content =
        FileChannel.open(file.toPath(), StandardOpenOption.READ).use {
            it.map(FileChannel.MapMode.READ_ONLY, 0, it.size())
        }
    return Source(name, readDng(content), file)
}
