package org.lwisp.core

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.CsvSource
import org.lwisp.core.capture.ShadingMap
import org.lwisp.core.capture.noiseOfSites
import org.lwisp.core.raw.Cfa

class ShadingMapsTest {
    private val map = ShadingMap(3, 5) { channel, row, column -> 1f + channel + 0.1f * row + 0.01f * column }

    /** Channels of the cell's four sites, row by row; greens by the sensor's row. */
    @ParameterizedTest
    @CsvSource("RGGB,0,0123", "GRBG,0,1032", "GBRG,0,1302", "BGGR,0,3120", "RGGB,3,0213", "BGGR,5,3210")
    fun eachSiteGetsItsChannel(
        cfa: Cfa,
        topRow: Int,
        channels: String,
    ) {
        val gains = List(4) { map.ofSite(cfa, it, topRow) }
        assertEquals(channels, gains.joinToString("") { (it[0] - 1).toInt().toString() })
        assertArrayEquals(floatArrayOf(1f, 1.01f, 1.02f, 1.03f, 1.04f), map.ofSite(Cfa.RGGB, 0, 0).copyOf(5))
    }

    @Test
    fun noiseOfTheGreensIsTheirMean() {
        val noise = noiseOfSites(Cfa.GRBG, listOf(Pair(2.0, 0.2), Pair(1.0, 0.1), Pair(3.0, 0.3), Pair(4.0, 0.6)))
        assertArrayEquals(doubleArrayOf(1.0, 3.0, 3.0), noise.scale)
        assertArrayEquals(doubleArrayOf(0.1, 0.4, 0.3), noise.offset)
        assertThrows(RawException::class.java) { noiseOfSites(Cfa.RGGB, List(4) { Pair(-1.0, 0.0) }) }
    }
}
