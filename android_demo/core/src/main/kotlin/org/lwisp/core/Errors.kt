package org.lwisp.core

import org.lwisp.core.raw.PackedSize

/** Everything that a user or a file can cause. The message says what was wrong and what to do. */
sealed class LwispException(
    message: String,
    cause: Throwable? = null,
) : Exception(message, cause)

/** The bundle or its contract is missing, damaged, of another version, or doesn't match its hashes. */
class ContractException(
    message: String,
    cause: Throwable? = null,
) : LwispException(message, cause)

/** A RAW frame or DNG that can't be developed. */
class RawException(
    message: String,
    cause: Throwable? = null,
) : LwispException(message, cause)

/** The model can't be loaded, or couldn't run a frame. */
class EngineException(
    message: String,
    cause: Throwable? = null,
) : LwispException(message, cause)

/** A frame that doesn't fit into memory even in the smallest tiles. */
class MemoryException(
    val frame: PackedSize,
    val neededBytes: Long,
    val freeBytes: Long,
) : LwispException(
        "A frame of ${2 * frame.widthPx}x${2 * frame.heightPx} px needs at least ${neededBytes shr 20} MB; " +
            "${freeBytes shr 20} MB are free. Close other apps, or develop a part of it.",
    )

/** The user stopped the work. */
class CancelledException : LwispException("Stopped.")
