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
import java.nio.ByteBuffer
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

/** Room for a captured mosaic in a file of the cache: large mosaics needn't fit into the app's heap. */
fun mappedScratch(
    context: Context,
    bytes: Long,
): ByteBuffer {
    val file = File(context.cacheDir, "mosaic.raw")
    // An older mosaic may still be mapped: its file is let go of, not overwritten.
    file.delete()
    val options = arrayOf(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE)
    return FileChannel.open(file.toPath(), *options).use { it.map(FileChannel.MapMode.READ_WRITE, 0, bytes) }
}

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
    if (file.length() > Int.MAX_VALUE) throw IOException("${file.length() shr 20} MB")
    val content =
        FileChannel.open(file.toPath(), StandardOpenOption.READ).use {
            it.map(FileChannel.MapMode.READ_ONLY, 0, it.size())
        }
    return Source(name, readDng(content), file)
}
