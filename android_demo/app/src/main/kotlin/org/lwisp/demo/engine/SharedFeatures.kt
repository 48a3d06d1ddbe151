package org.lwisp.demo.engine

import android.os.SharedMemory
import android.system.ErrnoException
import org.lwisp.core.EngineException
import org.lwisp.core.engine.FeatureAllocator
import org.lwisp.core.engine.FeatureMemory
import java.nio.ByteBuffer

/** Features in anonymous shared memory: outside the heap, where direct buffers aren't on Android, and freed at once. */
object SharedFeatures : FeatureAllocator {
    override fun allocate(bytes: Int): FeatureMemory =
        try {
            Feature(SharedMemory.create("lwisp feature", bytes))
        } catch (error: ErrnoException) {
            throw EngineException("No ${bytes shr 20} MB for a feature (${error.message}). Close other apps.", error)
        }

    private class Feature(
        private val memory: SharedMemory,
    ) : FeatureMemory {
        override val bytes: ByteBuffer =
            try {
                memory.mapReadWrite()
            } catch (error: ErrnoException) {
                memory.close()
                throw error
            }

        override fun close() {
            SharedMemory.unmap(bytes)
            memory.close()
        }
    }
}
