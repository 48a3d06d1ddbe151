package org.lwisp.core

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.condition.EnabledIfSystemProperty
import org.lwisp.core.contract.CONTRACT_FILE
import org.lwisp.core.contract.readBundle
import org.lwisp.core.dng.readDng
import org.lwisp.core.engine.Developed
import org.lwisp.core.engine.Developer
import org.lwisp.core.engine.PackedSize
import org.lwisp.core.engine.Tensor
import org.lwisp.core.engine.resized
import org.lwisp.core.measure.psnrDb
import org.lwisp.core.measure.summarise
import org.lwisp.core.picture.Picture
import java.io.File
import java.nio.ByteBuffer

/** The shipped models through LiteRT, beside what the Python runtime made of the same DNG a moment ago. */
@EnabledIfSystemProperty(
    named = "lwisp.expected",
    matches = ".+",
    disabledReason = "needs pictures from the Python runtime",
)
class RealModelTest {
    private val folder = File(property("lwisp.bundle"))
    private val bundle = readBundle(File(folder, CONTRACT_FILE).readText())
    private val frame = readDng(ByteBuffer.wrap(File(property("lwisp.sample")).readBytes()))

    @Test
    fun int8PictureEqualsPythons() {
        val found = developed("int8")
        val expected = expected("int8", found.picture)
        assertArrayEquals(expected.argb, found.picture.argb)
        println("int8: ${expected.argb.size} pixels of the sample equal Python's; ${found.time}")
    }

    @Test
    fun floatPictureIsPythonsToARoundingStep() {
        val found = developed("fp16")
        val psnr = psnrDb(found.picture, expected("fp16", found.picture))
        println("fp16: $psnr dB against Python's; ${found.time}")
        assertTrue(psnr > 60) { "The float picture is $psnr dB from Python's." }
    }

    @Test
    fun aSeriesOnThisMachine() {
        Developer(bundle.model("int8"), bytes("int8"), ::HostEngine).use { developer ->
            val samples = List(8) { developer.develop(frame).time.inferenceMs }
            println(
                "int8 on this machine's JVM, ${frame.mosaic.widthPx}x${frame.mosaic.heightPx} px: ${summarise(
                    samples.drop(2),
                )}",
            )
        }
    }

    @Test
    fun modelsAreMadeForAnySizeAndNoOther() {
        val model = bundle.model("int8")
        for (size in listOf(PackedSize(16, 16), PackedSize(48, 16), PackedSize(16, 80))) {
            HostEngine(model, bytes("int8"), size).use { engine ->
                val output = engine.run(Tensor.Int8(ByteArray(size.widthPx * size.heightPx * 4)))
                assertEquals(size.widthPx * size.heightPx * 12, (output as Tensor.Int8).values.size)
            }
        }
        assertThrows(
            IllegalArgumentException::class.java,
        ) { resized(bytes("int8"), model.contract, PackedSize(24, 16)) }
        assertThrows(
            ContractException::class.java,
        ) { resized(bytes("int8").copyOf(2000), model.contract, PackedSize(16, 16)) }
    }

    private fun developed(precision: String): Developed =
        Developer(bundle.model(precision), bytes(precision), ::HostEngine).use { it.develop(frame) }

    private fun bytes(precision: String) = File(folder, bundle.model(precision).file).readBytes()

    /** Python's picture: rows of 8-bit R, G, B. */
    private fun expected(
        precision: String,
        like: Picture,
    ): Picture {
        val rgb = File(property("lwisp.expected"), "$precision.rgb").readBytes()
        assertEquals(3 * like.argb.size, rgb.size)
        return Picture(
            like.widthPx,
            like.heightPx,
            IntArray(like.argb.size) { at ->
                (0..2).fold(0xff) { argb, color ->
                    (
                        argb shl
                            8
                    ) or
                        (rgb[3 * at + color].toInt() and 0xff)
                }
            },
        )
    }
}
