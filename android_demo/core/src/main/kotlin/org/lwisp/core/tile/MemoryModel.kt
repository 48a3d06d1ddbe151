package org.lwisp.core.tile

import org.lwisp.core.contract.ModelContract
import org.lwisp.core.contract.SignatureContract
import org.lwisp.core.contract.TensorSpec
import org.lwisp.core.raw.PackedSize

/** Two bytes for each of a cell's four sites. */
private const val MOSAIC_BYTES_PER_PACKED_PX = 8L

/** Of the developed picture: one 0xffRRGGBB. */
private const val PICTURE_BYTES_PER_PX = 4L

/** A tile's planes before they are quantized. */
private const val PLANE_BYTES = 4L

/** What developing a frame may take. */
class MemoryBudget(
    /** By the process in all, beside what it takes without a frame: mosaic, features, engines, tiles and picture. */
    val processBytes: Long,
    /** Of that, on the heap of the virtual machine: the tiles' arrays. */
    val heapBytes: Long,
)

/** What a process takes that develops one frame in these stages, by the figures of the contract. */
internal class MemoryModel(
    private val contract: ModelContract,
    private val frame: PackedSize,
    private val stages: List<SignatureContract>,
) {
    /** What a stage's runs come on top of: mosaic, live features, an interpreter, and the picture from the last stage on. */
    fun beside(stage: Int): Long {
        val picture = if (stage == stages.lastIndex) picturePx() * PICTURE_BYTES_PER_PX else 0
        return frame.px * MOSAIC_BYTES_PER_PACKED_PX + picture + featureBytes(stage) + contract.interpreterBytes
    }

    /** What a stage's runs take per packed pixel of its tile, the app's own arrays included. */
    fun runBytesPerPx(signature: SignatureContract): Double =
        signature.bytesPerPackedPx + planesBytesPerPx(signature) + argbBytesPerPx(signature)

    /** Of that, on the heap: inputs, planes, outputs, and the part of the picture. */
    fun heapBytesPerPx(signature: SignatureContract): Double {
        val tensors = (signature.inputs + signature.outputs).sumOf { it.bytesPerPackedPx }
        return tensors + planesBytesPerPx(signature) + argbBytesPerPx(signature)
    }

    /** The sample's run; before it there is only the mosaic. */
    fun sampleBytes(): Long {
        val side = contract.context.grid.toLong() * contract.context.cropPx
        return (side * side * runBytesPerPx(contract.sample)).toLong()
    }

    private fun featureBytes(stage: Int): Long =
        liveFeatures(stages, stage).sumOf { (frame.px * it.bytesPerPackedPx).toLong() }

    private fun picturePx(): Long = (frame.px * contract.outputTensor.run { resolution * resolution }).toLong()

    private fun planesBytesPerPx(signature: SignatureContract): Double =
        if (contract.inputTensor in signature.inputs) contract.inputTensor.valuesPerPackedPx * PLANE_BYTES else 0.0

    private fun argbBytesPerPx(signature: SignatureContract): Double {
        val picture = contract.outputTensor
        val isLast = picture in signature.outputs
        return if (isLast) picture.resolution * picture.resolution * PICTURE_BYTES_PER_PX else 0.0
    }
}

/** Liveness: the features that are in memory while a stage runs. A feature dies after the last stage that reads it. */
fun liveFeatures(
    stages: List<SignatureContract>,
    stage: Int,
): List<TensorSpec> {
    val begun = stages.subList(0, stage + 1).flatMap { it.outputs }
    val read = stages.drop(stage).flatMap { it.inputs }.toSet()
    return begun.filter(read::contains)
}
