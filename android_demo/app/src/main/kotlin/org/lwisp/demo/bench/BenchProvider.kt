package org.lwisp.demo.bench

import android.content.ContentProvider
import android.content.ContentValues
import android.database.Cursor
import android.net.Uri
import android.os.ParcelFileDescriptor
import java.io.FileNotFoundException

/**
 * Takes jobs in and gives results out: `content write` and `content read` of adb's shell, content://…bench/ID/NAME.
 * Only the shell may (android.permission.DUMP, in the manifest); a file system that both can reach isn't needed.
 */
class BenchProvider : ContentProvider() {
    override fun onCreate() = true

    override fun openFile(
        uri: Uri,
        mode: String,
    ): ParcelFileDescriptor {
        val file =
            context?.let { jobFile(it, uri.pathSegments.orEmpty()) } ?: throw FileNotFoundException(uri.toString())
        if ('w' in mode) file.parentFile?.mkdirs()
        return ParcelFileDescriptor.open(file, ParcelFileDescriptor.parseMode(mode))
    }

    /** Removes a job with its files, by any of them. */
    override fun delete(
        uri: Uri,
        selection: String?,
        selectionArgs: Array<String>?,
    ): Int {
        val folder = context?.let { jobFile(it, uri.pathSegments.orEmpty()) }?.parentFile ?: return 0
        return if (folder.deleteRecursively()) 1 else 0
    }

    override fun getType(uri: Uri) = "application/octet-stream"

    override fun query(
        uri: Uri,
        projection: Array<String>?,
        selection: String?,
        selectionArgs: Array<String>?,
        sortOrder: String?,
    ): Cursor? = null

    override fun insert(
        uri: Uri,
        values: ContentValues?,
    ): Uri? = null

    override fun update(
        uri: Uri,
        values: ContentValues?,
        selection: String?,
        selectionArgs: Array<String>?,
    ) = 0
}
