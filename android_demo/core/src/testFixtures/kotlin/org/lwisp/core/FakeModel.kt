package org.lwisp.core

import org.junit.jupiter.api.Assertions.assertEquals
import org.lwisp.core.contract.ContextContract
import org.lwisp.core.contract.ElementType
import org.lwisp.core.contract.InputContract
import org.lwisp.core.contract.ModelContract
import org.lwisp.core.contract.RenderedTone
import org.lwisp.core.contract.SignatureContract
import org.lwisp.core.contract.TensorSpec
import org.lwisp.core.engine.Engine
import org.lwisp.core.engine.FeatureAllocator
import org.lwisp.core.engine.FeatureMemory
import org.lwisp.core.engine.RunTime
import org.lwisp.core.engine.Tensor
import org.lwisp.core.raw.PackedSize
import java.nio.ByteBuffer

private val PACKED = float("packed", channels = 4, resolution = 1.0)
private val GATE = float("gate", channels = 1, resolution = 0.0)
private val COARSE = float("coarse", channels = 1, resolution = 0.5)
private val REFINED = float("refined", channels = 1, resolution = 0.5)
private val RGB = float("rgb", channels = 3, resolution = 2.0)

private fun float(
    name: String,
    channels: Int,
    resolution: Double,
) = TensorSpec(name, ElementType.FLOAT32, null, null, channels, resolution)

/** A contract with three stages, of which the second reads what the third doesn't. */
fun fakeContract() =
    ModelContract(
        name = "fake",
        task = "isp",
        precision = "fp16",
        parameters = 0,
        macsPerPackedPx = 100.0,
        weightsSha256 = "",
        interpreterBytes = 1000,
        input = InputContract(2, subtractBlack = true, whiteBalance = true, referenceToSrgb = null, curveOffset = 0.1),
        context = ContextContract(grid = 2, cropPx = 2),
        whole = signature("whole", listOf(PACKED), RGB),
        sample = signature("sample", listOf(PACKED), GATE),
        develop = signature("develop", listOf(PACKED, GATE), RGB),
        stages =
            listOf(
                signature("shrink", listOf(PACKED, GATE), COARSE, haloPx = 2),
                signature("refine", listOf(COARSE), REFINED, haloPx = 4),
                signature("enlarge", listOf(PACKED, REFINED), RGB, haloPx = 2),
            ),
        renderedTone = RenderedTone.CONTRAST,
    )

private fun signature(
    name: String,
    inputs: List<TensorSpec>,
    output: TensorSpec,
    haloPx: Int = 8,
) = SignatureContract(
    name,
    inputs,
    listOf(output),
    haloPx,
    multiplePx = 2,
    macsPerPackedPx = 100.0,
    bytesPerPackedPx = BYTES_PER_PX,
    sharedBytesPerPackedPx = 0.0,
)

private const val BYTES_PER_PX = 1000.0

/** A stand-in for the network of [fakeContract]: each value is a sum over a neighbourhood as wide as the stage's halo. */
class FakeEngine(
    val signature: SignatureContract,
    val size: PackedSize,
    override val backend: String,
) : Engine {
    var closed = false
    override val lastRun = RunTime(inputMs = 1.0, inferenceMs = 2.0, outputMs = 3.0)

    override fun run(inputs: Map<String, Tensor>): Map<String, Tensor> {
        check(!closed) { "ran after it was closed" }
        assertEquals(signature.inputs.map { it.name }.toSet(), inputs.keys)
        val values = inputs.mapValues { (it.value as Tensor.Float32).values }
        for (spec in signature.inputs) {
            val expected = if (spec.imageWide) spec.channels.toDouble() else spec.valuesPerPackedPx * size.px
            assertEquals(expected, values.getValue(spec.name).size.toDouble())
        }
        return mapOf(signature.outputs.single().name to Tensor.Float32(output(values)))
    }

    override fun close() {
        closed = true
    }

    private fun output(values: Map<String, FloatArray>): FloatArray =
        when (signature.name) {
            "sample" -> floatArrayOf(values.getValue("packed").average().toFloat())
            "shrink" -> shrink(values.getValue("packed"), values.getValue("gate").single())
            "refine" -> refine(values.getValue("coarse"))
            "enlarge" -> enlarge(values.getValue("packed"), values.getValue("refined"))
            else -> values.getValue("packed").let { enlarge(it, refine(shrink(it, values.getValue("gate").single()))) }
        }

    private fun shrink(
        packed: FloatArray,
        gate: Float,
    ) = perPixel(size.widthPx / 2, size.heightPx / 2) { x, y ->
        gate + (-2..3).map { at(packed, 4, size.widthPx, 2 * x + it, 2 * y + it) }.sum()
    }

    private fun refine(coarse: FloatArray) =
        perPixel(size.widthPx / 2, size.heightPx / 2) { x, y ->
            (-2..2).map { at(coarse, 1, size.widthPx / 2, x + it, y - it) }.sum() / 30
        }

    private fun enlarge(
        packed: FloatArray,
        refined: FloatArray,
    ): FloatArray {
        val levels =
            perPixel(2 * size.widthPx, 2 * size.heightPx) { x, y ->
                val near = (-1..1).map { at(refined, 1, size.widthPx / 2, x / 4 + it, y / 4) }.sum()
                near / 9 + at(packed, 4, size.widthPx, x / 2 - 2, y / 2 + 2) / 3
            }
        return FloatArray(3 * levels.size) { levels[it / 3] }
    }

    /** The first channel of a pixel; 0 outside. */
    private fun at(
        values: FloatArray,
        channels: Int,
        widthPx: Int,
        x: Int,
        y: Int,
    ): Float {
        if (x !in 0 until widthPx || y !in 0 until values.size / channels / widthPx) return 0f
        return values[channels * (y * widthPx + x)]
    }

    private fun perPixel(
        widthPx: Int,
        heightPx: Int,
        value: (Int, Int) -> Float,
    ) = FloatArray(widthPx * heightPx) { value(it % widthPx, it / widthPx) }
}

/** Allocates on the heap, and keeps the most that was there at once. */
class CountingAllocator : FeatureAllocator {
    var bytes = 0L
    var peakBytes = 0L

    override fun allocate(bytes: Int): FeatureMemory {
        this.bytes += bytes
        peakBytes = maxOf(peakBytes, this.bytes)
        return object : FeatureMemory {
            override val bytes: ByteBuffer = ByteBuffer.allocate(bytes)

            override fun close() {
                this@CountingAllocator.bytes -= this.bytes.capacity()
            }
        }
    }
}
