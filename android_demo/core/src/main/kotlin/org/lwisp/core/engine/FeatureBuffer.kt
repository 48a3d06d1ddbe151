package org.lwisp.core.engine

import org.lwisp.core.EngineException
import org.lwisp.core.contract.ElementType
import org.lwisp.core.contract.TensorSpec
import org.lwisp.core.raw.Area
import org.lwisp.core.raw.PackedSize
import org.lwisp.core.tile.Tile
import java.nio.ByteBuffer
import java.nio.ByteOrder

/** Memory of one feature, freed when it is closed. */
interface FeatureMemory : AutoCloseable {
    val bytes: ByteBuffer
}

/**
 * Allocates memory for features, outside the heap: an app's is too small for those of a large frame. Raises
 * [EngineException] if there is none left.
 */
fun interface FeatureAllocator {
    fun allocate(bytes: Int): FeatureMemory
}

/** A tensor of the whole frame that lies between two stages: filled tile by tile, and cut into the next one's tiles. */
internal class FeatureBuffer(
    private val spec: TensorSpec,
    frame: PackedSize,
    allocator: FeatureAllocator,
) : AutoCloseable {
    private val area = frame.area.scaled(spec.resolution)
    private val memory = allocator.allocate(bytesOf(area))
    private val bytes = memory.bytes.duplicate().order(ByteOrder.nativeOrder())
    private val floats = bytes.asFloatBuffer()

    /** The values under a tile, halo included. */
    fun cut(tile: Tile): Tensor {
        val part = tile.input.scaled(spec.resolution)
        val tensor = spec.type.tensor(spec.channels * part.px)
        rows(part, part) { at, place, count -> read(tensor, at, place, count) }
        return tensor
    }

    /** Stores what is kept of a tile's result, which is as large as its input. */
    fun keep(
        tile: Tile,
        result: Tensor,
    ) {
        val whole = tile.input.scaled(spec.resolution)
        if (result.size != spec.channels * whole.px) {
            throw EngineException(
                "The model returned ${result.size} values of \"${spec.name}\" " +
                    "instead of ${spec.channels * whole.px}. Export it again.",
            )
        }
        rows(tile.keep.scaled(spec.resolution), whole) { at, place, count -> write(result, at, place, count) }
    }

    override fun close() = memory.close()

    /** For each row of a part: its place in an array of the tile, its place in the frame, how many values. */
    private fun rows(
        part: Area,
        tile: Area,
        copy: (Int, Int, Int) -> Unit,
    ) {
        for (row in part.topPx until part.topPx + part.heightPx) {
            val at = (row - tile.topPx) * tile.widthPx + part.leftPx - tile.leftPx
            val place = row * area.widthPx + part.leftPx
            copy(spec.channels * at, spec.channels * place, spec.channels * part.widthPx)
        }
    }

    private fun read(
        tensor: Tensor,
        at: Int,
        place: Int,
        count: Int,
    ) {
        when (tensor) {
            is Tensor.Float32 -> floats.apply { position(place) }.get(tensor.values, at, count)
            is Tensor.Int8 -> bytes.apply { position(place) }.get(tensor.values, at, count)
        }
    }

    private fun write(
        tensor: Tensor,
        at: Int,
        place: Int,
        count: Int,
    ) {
        when (tensor) {
            is Tensor.Float32 -> floats.apply { position(place) }.put(tensor.values, at, count)
            is Tensor.Int8 -> bytes.apply { position(place) }.put(tensor.values, at, count)
        }
    }

    private fun bytesOf(area: Area): Int {
        val bytes = area.widthPx.toLong() * area.heightPx * spec.channels * spec.type.bytes
        if (bytes > Int.MAX_VALUE) {
            throw EngineException("\"${spec.name}\" of this frame takes ${bytes shr 20} MB; a buffer has at most 2047.")
        }
        return bytes.toInt()
    }
}

private fun ElementType.tensor(size: Int): Tensor =
    when (this) {
        ElementType.FLOAT32 -> Tensor.Float32(FloatArray(size))
        ElementType.INT8 -> Tensor.Int8(ByteArray(size))
    }
