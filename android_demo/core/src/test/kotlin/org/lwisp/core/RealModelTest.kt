package org.lwisp.core

import com.sun.jna.Memory
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.condition.EnabledIfSystemProperty
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.EnumSource
import org.junit.jupiter.params.provider.ValueSource
import org.lwisp.core.contract.CONTRACT_FILE
import org.lwisp.core.contract.ModelContract
import org.lwisp.core.contract.SignatureContract
import org.lwisp.core.contract.TensorSpec
import org.lwisp.core.contract.readBundle
import org.lwisp.core.dng.readDng
import org.lwisp.core.engine.DevelopOptions
import org.lwisp.core.engine.Developed
import org.lwisp.core.engine.Developer
import org.lwisp.core.engine.FeatureAllocator
import org.lwisp.core.engine.FeatureMemory
import org.lwisp.core.engine.Tensor
import org.lwisp.core.engine.quantize
import org.lwisp.core.engine.specialized
import org.lwisp.core.measure.psnrDb
import org.lwisp.core.measure.summarise
import org.lwisp.core.picture.Picture
import org.lwisp.core.picture.Tone
import org.lwisp.core.preprocess.Preparation
import org.lwisp.core.preprocess.PrepareOptions
import org.lwisp.core.raw.Mosaic
import org.lwisp.core.raw.PackedSize
import org.lwisp.core.raw.RawFrame
import org.lwisp.core.tile.FramePlan
import org.lwisp.core.tile.MemoryBudget
import org.lwisp.core.tile.planFrame
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
    fun aFileWithEveryCorrectionIsPreparedAndDevelopedAsInPython() {
        val corrected = corrected()
        val planes =
            Preparation(
                corrected,
                GoldenSteps
                    .cases("prepare")
                    .first()
                    .child("contract")
                    .contract(),
            )
        val bytes = File(property("lwisp.expected"), "corrected.f32").readBytes()
        val expected = FloatArray(bytes.size / 4)
        ByteBuffer
            .wrap(bytes)
            .order(ByteOrder.LITTLE_ENDIAN)
            .asFloatBuffer()
            .get(expected)
        assertArrayEquals(expected.bits(), planes.planes(planes.size.area).bits())
        val (found, _) = developed("int8", corrected)
        assertArrayEquals(expected("corrected.int8", found).argb, found.argb)
        println("int8: ${found.argb.size} pixels of a DNG with every correction equal Python's")
    }

    @ParameterizedTest
    @EnumSource(Tone::class)
    fun everyToneAndExposureEqualsPythons(tone: Tone) {
        val options = DevelopOptions(PrepareOptions(exposureEv = 0.7, lensShading = false), tone, distortion = false)
        val (found, _) = developed("int8", corrected(), options = options)
        assertArrayEquals(expected("tone.${tone.name.lowercase()}", found).argb, found.argb)
        println("int8: the tone ${tone.name.lowercase()} 0.7 EV brighter equals Python's")
    }

    @Test
    fun aLinearFileIsDevelopedAsInPython() {
        val linear = readDng(ByteBuffer.wrap(File(property("lwisp.expected"), "linear.dng").readBytes()))
        val (found, _) = developed("int8", linear)
        assertArrayEquals(expected("linear", found).argb, found.argb)
        println("int8: ${found.argb.size} pixels of a linear DNG equal Python's")
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
        val (found, developed) = developed("int8", large, leastBudget("int8", large))
        assertTrue(developed.plan.runs >= 2 * developed.plan.stages.size) { describe(developed.plan) }
        assertArrayEquals(expected("large.int8", found).argb, found.argb)
        println("int8: ${found.argb.size} pixels from ${describe(developed.plan)} equal Python's")
    }

    /** Odd sides; budgets from the least that a frame can be developed in, of the process or of the heap. */
    @Test
    fun int8TilesAreTheWholeFrameBitForBitInEveryBudget() {
        Developer(bundle.model("int8"), bytes("int8"), ::HostEngine, NATIVE).use { developer ->
            for (frame in listOf(large, part(large, 601, 367), part(large, 255, 1021))) {
                val whole = picture(frame).also { assertTrue(developer.develop(frame, it, PLENTY).plan.isWhole) }
                val process = leastBudget("int8", frame)
                val heap = leastBudget("int8", frame, MemoryBudget(PLENTY.processBytes, 0))
                val budgets = listOf(process, process * 1.3, heap * 3.0, heap * 12.0)
                val plans =
                    budgets.map { budget ->
                        val picture = picture(frame)
                        val developed = developer.develop(frame, picture, budget)
                        assertArrayEquals(whole.argb, picture.argb) { describe(developed.plan) }
                        developed.plan.also { assertTrue(!it.isWhole) { "the frame is developed whole" } }
                    }
                println(
                    "int8: ${frame.mosaic.widthPx}x${frame.mosaic.heightPx} px from " +
                        "${plans.joinToString { it.runs.toString() }} tiles equal the whole frame's",
                )
            }
        }
    }

    @Test
    fun floatTilesAreTheWholeFrameToARoundingStep() {
        val (found, developed) = developed("fp16", large, leastBudget("fp16", large))
        val psnr = minOf(psnrDb(found, developed("fp16", large).first), psnrDb(found, expected("large.fp16", found)))
        println("fp16: $psnr dB from ${describe(developed.plan)} against the whole frame and against Python's")
        assertTrue(psnr > 60) { "The float picture is $psnr dB off." }
    }

    @Test
    fun aSeriesOnThisMachine() {
        Developer(bundle.model("int8"), bytes("int8"), ::HostEngine, NATIVE).use { developer ->
            val picture = picture(sample)
            val samples = List(8) { developer.develop(sample, picture, PLENTY).time.inferenceMs }
            val summary = summarise(samples.drop(2))
            println("int8 on this machine's JVM, ${sample.mosaic.widthPx}x${sample.mosaic.heightPx} px: $summary")
        }
    }

    @Test
    fun aModelIsSpecializedForOneSignatureAndAnySize() {
        val contract = bundle.model("int8").contract
        for (signature in signatures(contract)) {
            val multiple = signature.multiplePx
            for (size in listOf(PackedSize(multiple, multiple), PackedSize(5 * multiple, 2 * multiple))) {
                val outputs = run("int8", signature, size)
                assertEquals(signature.outputs.map { it.name }.toSet(), outputs.keys)
                signature.outputs.forEach { assertEquals(valuesOf(it, size), outputs.getValue(it.name).size) }
            }
        }
    }

    @Test
    fun otherSizesSignaturesAndFilesAreRefused() {
        val (develop, file) = Pair(bundle.model("int8").contract.develop, bytes("int8"))
        val size = PackedSize(16, 16)
        assertThrows(IllegalArgumentException::class.java) { specialized(file, develop, PackedSize(20, 16)) }
        assertThrows(ContractException::class.java) { specialized(file, develop.copy(name = "polish"), size) }
        assertThrows(ContractException::class.java) { specialized(file.copyOf(2000), develop, size) }
    }

    /** What the contract says of memory, on this machine. */
    @ParameterizedTest
    @ValueSource(strings = ["int8", "fp16"])
    fun runsTakeTheMemoryThatTheContractStates(precision: String) {
        val contract = bundle.model(precision).contract
        val size = PackedSize(512, 512)
        val all =
            signatures(contract).map { signature ->
                val before = residentBytes()
                var after = 0L
                run(precision, signature, size) { after = residentBytes() }
                val taken = (after - before) shr 20
                val stated = (contract.interpreterBytes + (size.px * signature.bytesPerPackedPx).toLong()) shr 20
                // What earlier runs have freed may be taken again, so that there is no least.
                assertTrue(taken <= stated) { "${signature.name} took $taken MB; $stated MB are stated" }
                "${signature.name} $taken of $stated"
            }
        println(
            "$precision: MB that runs of 512x512 packed px added to the process, of those stated: ${all.joinToString()}",
        )
    }

    @Test
    fun aPhonesFrameKeepsItsBudget() {
        val frame = repeated(sample, 4032, 3024)
        val budget = MemoryBudget(512L shl 20, 64L shl 20)
        // The mosaic is there already; the picture isn't kept.
        val before = residentBytes() - 8L * 2016 * 1512
        var peak = 0L
        var pixels = 0
        val developed =
            Developer(bundle.model("int8"), bytes("int8"), ::HostEngine, NATIVE).use { developer ->
                developer.develop(frame, { part, _ -> pixels += part.px }, budget, DevelopOptions()) {
                    peak = maxOf(peak, residentBytes() - before)
                }
            }
        println(
            "int8: 4032x3024 px in ${describe(developed.plan)}, ${developed.plan.peakBytes shr 20} MB planned, " +
                "${peak shr 20} MB at the peak; ${developed.time}",
        )
        assertEquals(4032 * 3024, pixels)
        // The virtual machine's heap, which grows as it likes, is in it.
        assertTrue(peak <= budget.processBytes) { "${peak shr 20} MB" }
    }

    private fun describe(plan: FramePlan) =
        "${plan.runs} tiles in ${plan.stages.size} stages (${"%.2f".format(plan.workFactor)} times the work)"

    private fun signatures(contract: ModelContract) =
        listOf(contract.whole, contract.sample, contract.develop) + contract.stages

    /** One run on zeros. ran: called before the engine is closed. */
    private fun run(
        precision: String,
        signature: SignatureContract,
        size: PackedSize,
        ran: () -> Unit = {},
    ): Map<String, Tensor> {
        val inputs = signature.inputs.associate { it.name to quantize(FloatArray(valuesOf(it, size)), it) }
        return HostEngine(bundle.model(precision), bytes(precision), signature, size).use { engine ->
            engine.run(inputs).also { ran() }
        }
    }

    private fun valuesOf(
        spec: TensorSpec,
        size: PackedSize,
    ) = if (spec.imageWide) spec.channels else (spec.valuesPerPackedPx * size.px).toInt()

    private fun developed(
        precision: String,
        frame: RawFrame,
        budget: MemoryBudget = PLENTY,
        options: DevelopOptions = DevelopOptions(),
    ): Pair<Picture, Developed> =
        Developer(bundle.model(precision), bytes(precision), ::HostEngine, NATIVE).use {
            val picture = picture(frame)
            Pair(picture, it.develop(frame, picture, budget, options))
        }

    private fun corrected() = readDng(ByteBuffer.wrap(File(property("lwisp.expected"), "corrected.dng").readBytes()))

    private fun picture(frame: RawFrame) = frame.uprightSize.let { (width, height) -> Picture(width, height) }

    /** The least memory that a frame can be developed in, of the kind that a budget has none of. */
    private fun leastBudget(
        precision: String,
        frame: RawFrame,
        none: MemoryBudget = MemoryBudget(0, PLENTY.heapBytes),
    ): MemoryBudget {
        val contract = bundle.model(precision).contract
        val size = Preparation(frame, contract.input).size
        val needed = assertThrows(MemoryException::class.java) { planFrame(size, contract, none) }.neededBytes
        return MemoryBudget(maxOf(none.processBytes, needed), maxOf(none.heapBytes, needed))
    }

    private operator fun MemoryBudget.times(factor: Double) =
        MemoryBudget((factor * processBytes).toLong(), (factor * heapBytes).toLong())

    /** A part of a frame, beginning at its second cell. */
    private fun part(
        frame: RawFrame,
        widthPx: Int,
        heightPx: Int,
    ) = frame.run {
        val mosaic = mosaic.crop(2, 2, widthPx, heightPx)
        RawFrame(mosaic, cfa, blackLevel, whiteLevel, wbGains, cameraToSrgb, orientation)
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
        val PLENTY = MemoryBudget(1L shl 40, 1L shl 40)

        /** Outside the heap, and given back at once. */
        val NATIVE =
            FeatureAllocator { bytes ->
                object : FeatureMemory {
                    private val memory = Memory(bytes.toLong())
                    override val bytes = memory.getByteBuffer(0, memory.size())

                    override fun close() = memory.close()
                }
            }
    }
}
