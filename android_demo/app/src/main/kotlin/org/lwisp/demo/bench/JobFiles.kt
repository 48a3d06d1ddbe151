package org.lwisp.demo.bench

import android.content.Context
import org.lwisp.core.measure.isJobId
import java.io.File
import java.io.IOException

const val JOB_FILE = "job.json"
const val RESULT_FILE = "result.json"

/** Followed by an image's number. */
const val INPUT_FILE = "input."
const val OUTPUT_FILE = "output."
private val NUMBERED = Regex("(input|output)\\.[0-9]{1,4}")

/** Where a job's files lie. */
fun jobFolder(
    context: Context,
    id: String,
) = File(context.cacheDir, "bench/$id")

/** The file that a path of the provider names, ID/NAME; null if it names none. Nothing else can be reached by it. */
fun jobFile(
    context: Context,
    segments: List<String>,
): File? {
    val (id, name) = if (segments.size == 2) segments else return null
    val isKnown = name == JOB_FILE || name == RESULT_FILE || NUMBERED.matches(name)
    return if (isJobId(id) && isKnown) File(jobFolder(context, id), name) else null
}

/** Written aside and renamed: who reads it finds all of it or nothing. */
fun keep(
    folder: File,
    name: String,
    content: ByteArray,
) {
    val part = File(folder, "$name.part")
    part.writeBytes(content)
    if (!part.renameTo(File(folder, name))) throw IOException(name)
}
