package org.lwisp.demo.files

import org.lwisp.core.measure.resultsJson
import org.lwisp.demo.work.DemoState
import java.io.OutputStream

/** What can be saved. */
enum class Document(
    val type: String,
    val file: String,
    /** Writes it; null while there is nothing to write. */
    val content: (DemoState) -> ((OutputStream) -> Unit)?,
) {
    PICTURE("image/png", "lwisp.png", { state -> state.picture?.let { { out -> writePng(it.bitmap, out) } } }),
    DNG("image/x-adobe-dng", "lwisp.dng", { state -> state.source?.let { { out -> copyFile(it.dng, out) } } }),
    RESULTS("application/json", "lwisp.json", { state ->
        state.run?.let { { out -> out.write(resultsJson(it).toByteArray()) } }
    }),
}
