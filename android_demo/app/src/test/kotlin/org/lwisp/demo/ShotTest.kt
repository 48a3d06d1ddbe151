package org.lwisp.demo

import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CaptureResult
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.lwisp.core.HostEngine
import org.lwisp.core.RawException
import org.lwisp.core.capture.ShotLabel
import org.lwisp.core.contract.CONTRACT_FILE
import org.lwisp.core.contract.readBundle
import org.lwisp.core.dng.readDng
import org.lwisp.core.engine.Developer
import org.lwisp.core.engine.FeatureAllocator
import org.lwisp.core.engine.FeatureMemory
import org.lwisp.core.picture.Picture
import org.lwisp.core.property
import org.lwisp.core.raw.RawFrame
import org.lwisp.core.tile.MemoryBudget
import org.lwisp.demo.camera.ShotSource
import org.lwisp.demo.camera.writeImage
import java.io.ByteArrayOutputStream
import java.io.File
import java.nio.ByteBuffer

/** A made shot through the app's own reading of Camera2, beside what Python makes of the same facts. */
class ShotTest {
    private val shots = Shots()

    @Test
    fun int8PictureOfAShotEqualsPythons() {
        val content = dng(shots.sensor(), shots.result())
        // Python reads this file afterwards.
        File(property("lwisp.expected"), "shot.dng").writeBytes(content)
        val found = developed(readDng(ByteBuffer.wrap(content)))
        val rgb = File(property("lwisp.expected"), "shot.int8.rgb").readBytes()
        assertEquals(3 * found.argb.size, rgb.size)
        assertArrayEquals(rgb, ByteArray(rgb.size) { (found.argb[it / 3] ushr 16 - 8 * (it % 3)).toByte() })
        println("int8: ${found.argb.size} pixels of a made shot equal Python's")
    }

    @Test
    fun everyFactOfAShotReachesTheFrame() {
        val frame = read(shots.sensor(), shots.result())
        assertEquals(4, frame.corrections.gainMaps.size)
        assertEquals(4 * 2, frame.corrections.badPixels.sumOf { it.points.size })
        assertTrue(frame.corrections.noise != null)
        assertEquals(0.790772, frame.corrections.baselineExposureEv, 1e-6)
        assertArrayEquals(doubleArrayOf(64.75, 65.0, 63.5, 64.125), frame.blackLevel)
    }

    @Test
    fun whatTheSensorHasCorrectedIsLeftAlone() {
        val sensor = shots.sensor().with(CameraCharacteristics.SENSOR_INFO_LENS_SHADING_APPLIED, true)
        assertTrue(read(sensor, shots.result()).corrections.gainMaps.isEmpty())
    }

    @Test
    fun aShotWithTheLeastFactsIsRead() {
        val full = shots.result()
        val least =
            CaptureResult()
                .with(CaptureResult.SENSOR_NEUTRAL_COLOR_POINT, full.get(CaptureResult.SENSOR_NEUTRAL_COLOR_POINT))
        val frame = read(shots.sensor(), least)
        assertEquals(60.0, frame.blackLevel[0])
        assertEquals(0.0, frame.corrections.baselineExposureEv)
        val error = assertThrows(RawException::class.java) { read(shots.sensor(), CaptureResult()) }
        assertTrue("neutral colour" in error.message!!)
    }

    private fun read(
        sensor: CameraCharacteristics,
        result: CaptureResult,
    ) = readDng(ByteBuffer.wrap(dng(sensor, result)))

    private fun dng(
        sensor: CameraCharacteristics,
        result: CaptureResult,
    ): ByteArray {
        val out = ByteArrayOutputStream()
        val label = ShotLabel("Maker", "Phone", "2026:11:30 12:00:00", shots.orientation)
        writeImage(shots.image(), ShotSource(sensor, result), label, out)
        return out.toByteArray()
    }

    private fun developed(frame: RawFrame): Picture {
        val folder = File(property("lwisp.bundle"))
        val model = readBundle(File(folder, CONTRACT_FILE).readText()).model("int8")
        val picture = frame.uprightSize.let { (width, height) -> Picture(width, height) }
        Developer(model, File(folder, model.file).readBytes(), ::HostEngine, HEAP).use {
            it.develop(frame, picture, MemoryBudget(1L shl 40, 1L shl 40))
        }
        return picture
    }

    private companion object {
        val HEAP =
            FeatureAllocator { bytes ->
                object : FeatureMemory {
                    override val bytes = ByteBuffer.allocate(bytes)

                    override fun close() = Unit
                }
            }
    }
}
