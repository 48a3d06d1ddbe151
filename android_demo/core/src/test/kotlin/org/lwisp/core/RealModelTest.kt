package org.lwisp.core

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.condition.EnabledIfSystemProperty
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource
import org.lwisp.core.contract.CONTRACT_FILE
import org.lwisp.core.contract.Signature
import org.lwisp.core.contract.readBundle
import org.lwisp.core.dng.readDng
import org.lwisp.core.engine.Developed
import org.lwisp.core.engine.Developer
import org.lwisp.core.engine.Tensor
import org.lwisp.core.engine.quantise
import org.lwisp.core.engine.specialised
import org.lwisp.core.measure.psnrDb
import org.lwisp.core.measure.summarise
import org.lwisp.core.picture.Picture
import org.lwisp.core.raw.Mosaic
import org.lwisp.core.raw.PackedSize
import org.lwisp.core.raw.RawFrame
import org.lwisp.core.tile.MemoryBudget
import org.lwisp.core.tile.runBytes
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder

/** The shipped models through LiteRT, beside what the Python runtime made of the same DNG a moment ago. */
@EnabledIfSystemProperty(
    named = "lwisp.expected",
    matches = ".+",
    disabledReason = "needs pictures from the Python runtime",
)
class RealModelTest {
    private val folder = File(property("lwisp.bundle"))
    private val bundle = readBundle(File(folder, CONTRACT_FILE).readText())
    private val sample = readDng(ByteBuffer.wrap(File(property("lwisp.sample")).readBytes()))

    /** Larger than the context's grid of crops, with odd sides. */
    private val large = readDng(ByteBuffer.wrap(File(property("lwisp.expected"), "large.dng").readBytes()))

    @Test
    fun int8PictureEqualsPythons() {
        val (found, developed) = developed("int8", sample)
        assertArrayEquals(expected("int8", found).argb, found.argb)
        println("int8: ${found.argb.size} pixels of the sample equal Python's; ${developed.time}")
    }

    @Test
    fun floatPictureIsPythonsToARoundingStep() {
        val (found, developed) = developed("fp16", sample)
        val psnr = psnrDb(found, expected("fp16", found))
        println("fp16: $psnr dB against Python's; ${developed.time}")
        assertTrue(psnr > 60) { "The float picture is $psnr dB from Python's." }
    }

    @Test
    fun int8TilesEqualPythons() {
        val (found, developed) = developed("int8", large, smallTiles("int8"))
        assertTrue(developed.plan.count >= 6) { "${developed.plan.count} tiles" }
        assertArrayEquals(expected("large.int8", found).argb, found.argb)
        assertArrayEquals(developed("int8", large).first.argb, found.argb)
        println("int8: ${found.argb.size} pixels from ${tiles(developed)} equal Python's, and the whole frame's")
    }

    @Test
    fun floatTilesAreTheWholeFrameToARoundingStep() {
        val (found, developed) = developed("fp16", large, smallTiles("fp16"))
        val psnr = minOf(psnrDb(found, developed("fp16", large).first), psnrDb(found, expected("large.fp16", found)))
        println("fp16: $psnr dB from ${tiles(developed)} against the whole frame and against Python's")
        assertTrue(psnr > 60) { "The float picture is $psnr dB off." }
    }

    @Test
    fun aSeriesOnThisMachine() {
        Developer(bundle.model("int8"), bytes("int8"), ::HostEngine).use { developer ->
            val picture = picture(sample)
            val samples = List(8) { developer.develop(sample, picture, PLENTY).time.inferenceMs }
            val summary = summarise(samples.drop(2))
            println("int8 on this machine's JVM, ${sample.mosaic.widthPx}x${sample.mosaic.heightPx} px: $summary")
        }
    }

    @Test
    fun aModelIsMadeForOneSignatureAndAnySize() {
        val model = bundle.model("int8")
        for (size in listOf(PackedSize(16, 16), PackedSize(48, 16), PackedSize(16, 80))) {
            val context = run("int8", model.contract.contextSignature, size, emptyMap())
            assertEquals(
                model.contract.contextTensors
                    .map { it.name }
                    .toSet(),
                context.keys,
            )
            val picture = run("int8", model.contract.developSignature, size, context).getValue("rgb")
            assertEquals(12 * size.px, picture.size.toLong())
        }
    }

    @Test
    fun otherSizesSignaturesAndFilesAreRefused() {
        val (contract, file) = Pair(bundle.model("int8").contract, bytes("int8"))
        val size = PackedSize(16, 16)
        assertThrows(IllegalArgumentException::class.java) {
            specialised(file, contract, "develop", PackedSize(24, 16))
        }
        assertThrows(ContractException::class.java) { specialised(file, contract, "polish", size) }
        assertThrows(ContractException::class.java) { specialised(file.copyOf(2000), contract, "develop", size) }
    }

    /** What the plans of [org.lwisp.core.tile.planTiles] count with, on the machine that it was measured on. */
    @ParameterizedTest
    @ValueSource(strings = ["int8", "fp16"])
    fun aRunTakesTheMemoryThatIsPlannedFor(precision: String) {
        val model = bundle.model(precision)
        val size = PackedSize(512, 512)
        HostEngine(model, bytes(precision), model.contract.developSignature, size).use { engine ->
            val packed = quantise(FloatArray((4 * size.px).toInt()), model.contract.inputTensor)
            val inputs = run(precision, model.contract.contextSignature, SMALL, emptyMap()) + ("packed" to packed)
            val before = residentBytes()
            engine.run(inputs)
            val taken = residentBytes() - before
            val planned = runBytes(model.contract, size.px)
            println("$precision: a run of 512x512 packed px took ${taken shr 20} MB, ${planned shr 20} MB are planned")
            assertTrue(taken in planned / 2..planned)
        }
    }

    @Test
    fun aPhonesFrameKeepsItsBudget() {
        val frame = repeated(sample, 4032, 3024)
        val budget = MemoryBudget(1L shl 30, 64L shl 20)
        val before = residentBytes()
        var peak = 0L
        var pixels = 0
        val developed =
            Developer(bundle.model("int8"), bytes("int8"), ::HostEngine).use { developer ->
                developer.develop(frame, { part, _ -> pixels += part.px }, budget) {
                    peak = maxOf(peak, residentBytes() - before)
                }
            }
        println("int8: 4032x3024 px in ${tiles(developed)}, ${peak shr 20} MB more at the peak; ${developed.time}")
        assertEquals(4032 * 3024, pixels)
        // The machine's heap is collected when it likes.
        assertTrue(peak <= budget.runBytes + Runtime.getRuntime().maxMemory()) { "$peak bytes" }
    }

    private fun tiles(developed: Developed) =
        developed.plan.run { "$count tiles of ${tile.widthPx}x${tile.heightPx} packed px" }

    /** One run on black, with a context from another run or none. */
    private fun run(
        precision: String,
        signature: Signature,
        size: PackedSize,
        context: Map<String, Tensor>,
    ): Map<String, Tensor> {
        val model = bundle.model(precision)
        val packed = quantise(FloatArray((4 * size.px).toInt()), model.contract.inputTensor)
        return HostEngine(model, bytes(precision), signature, size).use { it.run(context + ("packed" to packed)) }
    }

    private fun developed(
        precision: String,
        frame: RawFrame,
        budget: MemoryBudget = PLENTY,
    ): Pair<Picture, Developed> =
        Developer(bundle.model(precision), bytes(precision), ::HostEngine).use {
            val picture = picture(frame)
            Pair(picture, it.develop(frame, picture, budget))
        }

    private fun picture(frame: RawFrame) = frame.uprightSize.let { (width, height) -> Picture(width, height) }

    /** Memory for tiles with little inside their halo. */
    private fun smallTiles(precision: String): MemoryBudget {
        val contract = bundle.model(precision).contract
        val sidePx = 2L * contract.haloPx + 112
        return MemoryBudget(runBytes(contract, sidePx * sidePx), PLENTY.heapBytes)
    }

    private fun bytes(precision: String) = File(folder, bundle.model(precision).file).readBytes()

    /** A frame of this size, the same picture side by side. */
    private fun repeated(
        frame: RawFrame,
        widthPx: Int,
        heightPx: Int,
    ): RawFrame {
        val samples = ByteBuffer.allocate(2 * widthPx * heightPx).order(ByteOrder.nativeOrder())
        val row = ShortArray(frame.mosaic.widthPx)
        for (y in 0 until heightPx) {
            frame.mosaic.readRow(y % (frame.mosaic.heightPx / 2 * 2), row)
            for (x in 0 until widthPx) samples.putShort(row[x % (frame.mosaic.widthPx / 2 * 2)])
        }
        samples.flip()
        val mosaic = Mosaic(widthPx, heightPx, samples, 2 * widthPx)
        return frame.run { RawFrame(mosaic, cfa, blackLevel, whiteLevel, wbGains, cameraToSrgb) }
    }

    private fun residentBytes(): Long =
        File("/proc/self/status").readLines().first { it.startsWith("VmRSS:") }.let { line ->
            line.filter(Char::isDigit).toLong() * 1024
        }

    /** Python's picture: rows of 8-bit R, G, B. */
    private fun expected(
        name: String,
        like: Picture,
    ): Picture {
        val rgb = File(property("lwisp.expected"), "$name.rgb").readBytes()
        assertEquals(3 * like.argb.size, rgb.size)
        val argb =
            IntArray(like.argb.size) { at ->
                (0..2).fold(0xff) { argb, color -> (argb shl 8) or (rgb[3 * at + color].toInt() and 0xff) }
            }
        return Picture(like.widthPx, like.heightPx, argb)
    }

    private companion object {
        val SMALL = PackedSize(16, 16)
        val PLENTY = MemoryBudget(1L shl 40, 1L shl 40)
    }
}
