package org.lwisp.demo.engine

import org.lwisp.core.contract.ModelFile
import org.lwisp.core.contract.SignatureContract
import org.lwisp.core.engine.specialized
import org.lwisp.core.raw.PackedSize
import java.io.File
import java.io.IOException

/** Files of graphs that are kept; some frames' tiles come to a dozen. */
private const val MOST_FILES = 48

/**
 * Models cut down to one signature and one size, kept by their model's hash: written once, found by every later run, so
 * that what a GPU's driver has compiled for one is found, too.
 *
 * version: of the app, whose other versions may cut differently.
 */
class GraphFiles(
    cache: File,
    version: String,
) {
    private val folder = File(cache, "graphs-$version")

    /** Names a graph; the same for its file, for GPUs' caches and for what was compiled ahead of time. */
    fun name(
        model: ModelFile,
        signature: SignatureContract,
        size: PackedSize,
    ) = "${model.sha256.take(16)}-${signature.name}-${size.widthPx}x${size.heightPx}"

    /** The graph's file. Raises [IOException] if it can't be written. */
    fun file(
        model: ModelFile,
        bytes: ByteArray,
        signature: SignatureContract,
        size: PackedSize,
    ): File = kept("${name(model, signature, size)}.tflite") { specialized(bytes, signature, size) }

    /** A file of the name, made of `content` unless there is one. It's written aside: a part is never found. */
    fun kept(
        name: String,
        content: () -> ByteArray,
    ): File {
        val file = File(folder, name)
        if (!file.exists()) {
            folder.mkdirs()
            val part = File(folder, "$name.part")
            part.writeBytes(content())
            if (!part.renameTo(file)) throw IOException(name)
            dropOldest()
        }
        file.setLastModified(System.currentTimeMillis())
        return file
    }

    /** A file that an engine still has open stays readable. */
    private fun dropOldest() {
        val files = folder.listFiles().orEmpty().sortedByDescending { it.lastModified() }
        files.drop(MOST_FILES).forEach { it.delete() }
    }
}
