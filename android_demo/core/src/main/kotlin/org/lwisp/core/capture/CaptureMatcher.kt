package org.lwisp.core.capture

/** The parts of one shot, which a camera delivers one by one and in any order. */
class Shot<I : AutoCloseable, R : Any>(
    val raw: I,
    val jpeg: I,
    val metadata: R,
)

/**
 * Puts RAW image, JPEG image and metadata of one shot together by their sensor timestamps.
 *
 * An image of another shot's metadata would be developed with the wrong black level and white balance.
 * Unmatched images of older shots are closed, so that the camera never runs out of buffers.
 */
class CaptureMatcher<I : AutoCloseable, R : Any>(
    private val onShot: (Shot<I, R>) -> Unit,
) : AutoCloseable {
    private class Parts<I, R> {
        var raw: I? = null
        var jpeg: I? = null
        var metadata: R? = null
    }

    private val pending = sortedMapOf<Long, Parts<I, R>>()

    @Synchronized
    fun raw(
        timestampNs: Long,
        image: I,
    ) = add(timestampNs) { raw = image }

    @Synchronized
    fun jpeg(
        timestampNs: Long,
        image: I,
    ) = add(timestampNs) { jpeg = image }

    @Synchronized
    fun metadata(
        timestampNs: Long,
        result: R,
    ) = add(timestampNs) { metadata = result }

    @Synchronized
    override fun close() {
        pending.values.forEach(::drop)
        pending.clear()
    }

    private fun add(
        timestampNs: Long,
        put: Parts<I, R>.() -> Unit,
    ) {
        val parts = pending.getOrPut(timestampNs) { Parts() }.apply(put)
        val raw = parts.raw ?: return
        val jpeg = parts.jpeg ?: return
        val metadata = parts.metadata ?: return
        pending.remove(timestampNs)
        dropOlder(timestampNs)
        onShot(Shot(raw, jpeg, metadata))
    }

    private fun dropOlder(timestampNs: Long) {
        val older = pending.headMap(timestampNs)
        older.values.forEach(::drop)
        older.clear()
    }

    private fun drop(parts: Parts<I, R>) {
        parts.raw?.close()
        parts.jpeg?.close()
    }
}
