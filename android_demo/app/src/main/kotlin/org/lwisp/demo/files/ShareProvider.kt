package org.lwisp.demo.files

import android.content.ContentProvider
import android.content.ContentValues
import android.content.Context
import android.database.Cursor
import android.database.MatrixCursor
import android.net.Uri
import android.os.ParcelFileDescriptor
import android.provider.OpenableColumns
import org.lwisp.demo.work.DemoState
import org.lwisp.demo.work.Shared
import java.io.File
import java.io.FileNotFoundException

private const val AUTHORITY = "org.lwisp.demo.share"

/** Where documents lie that are shared. */
private fun shareFolder(context: Context) = File(context.cacheDir, "share")

/** Writes a document for other apps, which get to read this one alone. Null if there is nothing to write. */
fun shareDocument(
    context: Context,
    document: Document,
    state: DemoState,
): (() -> Shared)? {
    val write = document.content(state) ?: return null
    return {
        val folder = shareFolder(context).apply { mkdirs() }
        File(folder, document.file).outputStream().buffered().use(write)
        Shared(Uri.parse("content://$AUTHORITY/${document.file}"), document.type)
    }
}

/** Serves the documents that were shared, read-only, to whom the user chose. */
class ShareProvider : ContentProvider() {
    override fun onCreate() = true

    override fun openFile(
        uri: Uri,
        mode: String,
    ): ParcelFileDescriptor = ParcelFileDescriptor.open(file(uri), ParcelFileDescriptor.MODE_READ_ONLY)

    override fun getType(uri: Uri): String? = document(uri)?.type

    override fun query(
        uri: Uri,
        projection: Array<String>?,
        selection: String?,
        selectionArgs: Array<String>?,
        sortOrder: String?,
    ): Cursor {
        val columns = projection ?: arrayOf(OpenableColumns.DISPLAY_NAME, OpenableColumns.SIZE)
        val file = file(uri)
        val row: Array<Any?> =
            columns
                .map {
                    when (it) {
                        OpenableColumns.DISPLAY_NAME -> file.name
                        OpenableColumns.SIZE -> file.length()
                        else -> null
                    }
                }.toTypedArray()
        return MatrixCursor(columns).apply { addRow(row) }
    }

    override fun insert(
        uri: Uri,
        values: ContentValues?,
    ): Uri? = null

    override fun delete(
        uri: Uri,
        selection: String?,
        selectionArgs: Array<String>?,
    ) = 0

    override fun update(
        uri: Uri,
        values: ContentValues?,
        selection: String?,
        selectionArgs: Array<String>?,
    ) = 0

    /** Only the documents' own names lead anywhere. */
    private fun file(uri: Uri): File {
        val name = document(uri)?.file ?: throw FileNotFoundException(uri.toString())
        return File(shareFolder(context ?: throw FileNotFoundException(name)), name)
    }

    private fun document(uri: Uri): Document? = Document.entries.firstOrNull { it.file == uri.lastPathSegment }
}
