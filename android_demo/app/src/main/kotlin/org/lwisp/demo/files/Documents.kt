package org.lwisp.demo.files

import android.content.Context
import android.graphics.Bitmap
import android.net.Uri
import org.lwisp.core.dng.readDng
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
    copied(context, context.getString(R.string.sample_name), sampleStream(context))

/** The sample's bytes. */
fun sampleStream(context: Context): InputStream = context.assets.open(SAMPLE_ASSET)

/** Opens a DNG that the user picked. */
fun openDocument(
    context: Context,
    uri: Uri,
): Source {
    val name = uri.lastPathSegment?.substringAfterLast('/') ?: uri.toString()
    return copied(context, name, context.contentResolver.openInputStream(uri) ?: throw IOException(uri.toString()))
}

/** Whether a frame is kept that [openFrame] can open: one from before the system ended the app, perhaps. */
fun hasFrame(context: Context): Boolean = cachedDng(context).exists()

/** Keeps a DNG in the cache while the app shows it. A frame that is half written is never found. */
fun keepFrame(
    context: Context,
    write: (OutputStream) -> Unit,
) {
    val (kept, part) = Pair(cachedDng(context), File(context.cacheDir, "frame.part"))
    // The one before may still be mapped: its file is let go of, not overwritten.
    kept.delete()
    part.outputStream().buffered().use(write)
    if (!part.renameTo(kept)) throw IOException(kept.name)
}

/** The frame in the cache, mapped into memory: large mosaics needn't fit into the app's heap. */
fun openFrame(
    context: Context,
    name: String,
    jpeg: Bitmap? = null,
): Source {
    val file = cachedDng(context)
    if (file.length() > Int.MAX_VALUE) throw IOException("${file.length() shr 20} MB")
    val content =
        FileChannel.open(file.toPath(), StandardOpenOption.READ).use {
            it.map(FileChannel.MapMode.READ_ONLY, 0, it.size())
        }
    return Source(name, readDng(content), file, jpeg)
}

/** Writes into a document that the user made. */
fun writeDocument(
    context: Context,
    uri: Uri,
    write: (OutputStream) -> Unit,
) {
    val stream = context.contentResolver.openOutputStream(uri, "wt") ?: throw IOException(uri.toString())
    stream.use(write)
}

/** A file's bytes. */
fun copyFile(
    file: File,
    out: OutputStream,
) {
    file.inputStream().use { it.copyTo(out) }
}

/** A picture as PNG. */
fun writePng(
    picture: Bitmap,
    out: OutputStream,
) {
    if (!picture.compress(Bitmap.CompressFormat.PNG, 100, out)) throw IOException("PNG")
}

private fun cachedDng(context: Context) = File(context.cacheDir, "frame.dng")

private fun copied(
    context: Context,
    name: String,
    content: InputStream,
): Source {
    content.use { input -> keepFrame(context) { input.copyTo(it) } }
    return openFrame(context, name)
}
