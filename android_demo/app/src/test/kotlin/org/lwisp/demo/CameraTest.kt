package org.lwisp.demo

import android.graphics.ImageFormat
import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraCaptureSession
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraDevice
import android.hardware.camera2.CameraManager
import android.hardware.camera2.CaptureRequest
import android.hardware.camera2.CaptureResult
import android.hardware.camera2.TotalCaptureResult
import android.media.Image
import android.media.ImageReader
import android.os.HandlerThread
import android.os.Looper
import android.view.Surface
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource
import org.lwisp.core.capture.Shot
import org.lwisp.demo.camera.CameraException
import org.lwisp.demo.camera.CameraProblem
import org.lwisp.demo.camera.RawCapture
import org.lwisp.demo.camera.findRawCameras
import org.lwisp.demo.camera.shotSource

/** The camera's life, from opening to closing, with a made camera and one thread for all. */
class CameraTest {
    private val manager =
        CameraManager().apply {
            cameras["0"] = rawSensor(facing = 1, "2", "3")
            cameras["1"] = rawSensor(facing = 0)
            cameras["2"] = rawSensor(facing = 1)
            cameras["3"] = CameraCharacteristics()
            listed = arrayOf("1", "0")
        }
    private val device = object : CameraDevice() {}
    private val session = object : CameraCaptureSession() {}
    private val problems = ArrayList<CameraProblem>()
    private val shots = ArrayList<Shot<Image, TotalCaptureResult>>()
    private var isReady = false

    @Test
    fun everyLensWithRawIsFoundBackOnesFirst() {
        val found = findRawCameras(manager)
        assertEquals(listOf("0/null", "0/2", "1/null"), found.map { "${it.id}/${it.physicalId}" })
        assertEquals(1440, found[0].previewSize.width)
        manager.failure = CameraAccessException(CameraAccessException.CAMERA_DISABLED)
        val error = assertThrows(CameraException::class.java) { findRawCameras(manager) }
        assertEquals(CameraProblem.DISABLED, error.problem)
    }

    @Test
    fun factsAreThoseOfTheLensThatTookTheShot() {
        val result = TotalCaptureResult()
        val own = CaptureResult()
        result.physical["2"] = own
        result.with(CaptureResult.LOGICAL_MULTI_CAMERA_ACTIVE_PHYSICAL_ID, "2")
        val (logical, lens) = findRawCameras(manager)
        for (camera in listOf(logical, lens)) {
            val source = shotSource(manager, camera, result)
            assertSame(own, source.result)
            assertSame(manager.cameras["2"], source.sensor)
        }
        val plain = TotalCaptureResult()
        assertSame(plain, shotSource(manager, logical, plain).result)
    }

    @Test
    fun aShotIsTakenOnTheShutterOnceAllHasSettled() {
        val capture = opened()
        assertTrue(isReady)
        frame(CaptureResult.CONTROL_AE_STATE to 2, CaptureResult.CONTROL_AWB_STATE to 2)
        assertTrue(session.captures.isEmpty()) { "A still was taken before the shutter." }
        capture.shoot()
        Looper.drain()
        assertEquals(1, session.captures.single().values[CaptureRequest.CONTROL_AF_TRIGGER])
        frame(CaptureResult.CONTROL_AF_STATE to 3)
        assertEquals(1, session.captures.size) { "A still was taken out of focus." }
        frame(CaptureResult.CONTROL_AF_STATE to 4)
        frame(CaptureResult.CONTROL_AF_STATE to 4)
        val still = session.captures.drop(1).single()
        assertEquals(1, still.values[CaptureRequest.STATISTICS_LENS_SHADING_MAP_MODE])
        assertEquals(2, still.targets.size)
        deliver(still)
        assertEquals(1, shots.size)
        capture.close()
        closed()
    }

    @Test
    fun focusThatNeverComesIsNotWaitedForLong() {
        val capture = opened()
        capture.shoot()
        Looper.drain()
        repeat(100) { frame(CaptureResult.CONTROL_AF_STATE to 3) }
        assertEquals(2, session.captures.size)
        capture.close()
        closed()
    }

    @Test
    fun aCameraThatOpensAfterTheScreenIsGoneIsClosed() {
        val capture = capture()
        Looper.drain()
        capture.close()
        Looper.drain()
        val thread = HandlerThread.last
        assertFalse(thread.looper.hasQuit) { "The thread has ended, so that onOpened never comes." }
        manager.callback.onOpened(device)
        assertTrue(device.isClosed)
        assertNull(device.configuration)
        closed()
    }

    @ParameterizedTest
    @ValueSource(strings = ["open", "configure", "request", "capture"])
    fun aCameraThatGoesAtAnyCallIsReportedInWordsAndClosed(call: String) {
        val gone = CameraAccessException(CameraAccessException.CAMERA_DISCONNECTED)
        if (call == "configure") device.failure = gone
        val capture =
            when (call) {
                "open" -> capture { manager.failure = gone }
                "configure" -> capture()
                else -> opened()
            }
        Looper.drain()
        if (call == "configure") manager.callback.onOpened(device)
        if (call == "request") device.failure = gone
        if (call == "capture") session.failure = IllegalStateException("The session has been closed")
        capture.shoot()
        Looper.drain()
        assertEquals(listOf(CameraProblem.LOST), problems)
        if (call == "open") assertTrue(HandlerThread.last.looper.hasQuit) else closed()
    }

    @Test
    fun aDisconnectedCameraIsClosed() {
        opened()
        manager.callback.onDisconnected(device)
        manager.callback.onError(device, 4)
        assertEquals(listOf(CameraProblem.LOST), problems)
        closed()
    }

    private fun capture(afterwards: () -> Unit = {}): RawCapture {
        ImageReader.ALL.clear()
        val camera = findRawCameras(manager).first()
        afterwards()
        return RawCapture(camera, Surface(), { isReady = true }, shots::add, problems::add).apply { start(manager) }
    }

    private fun opened(): RawCapture {
        val capture = capture()
        Looper.drain()
        manager.callback.onOpened(device)
        device.configuration.callback.onConfigured(session)
        return capture
    }

    /** One frame of the preview. */
    private fun frame(vararg states: Pair<CaptureResult.Key<Int>, Int>) {
        val result = TotalCaptureResult()
        states.forEach { (key, value) -> result.with(key, value) }
        session.repeating.onCaptureCompleted(session, CaptureRequest(), result)
        Looper.drain()
    }

    private fun deliver(still: CaptureRequest) {
        val result = TotalCaptureResult()
        result.with(CaptureResult.SENSOR_TIMESTAMP, 7L)
        session.lastCapture.onCaptureCompleted(session, still, result)
        for (reader in ImageReader.ALL) reader.deliver(Image().apply { timestamp = 7L })
        assertEquals(setOf(ImageFormat.RAW_SENSOR, ImageFormat.JPEG), ImageReader.ALL.map { it.format }.toSet())
    }

    /** The device says so, and then everything is let go of. */
    private fun closed() {
        Looper.drain()
        assertTrue(device.isClosed)
        manager.callback.onClosed(device)
        assertTrue(ImageReader.ALL.all { it.isClosed })
        assertTrue(HandlerThread.last.looper.hasQuit)
    }
}
