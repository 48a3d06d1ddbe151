package org.lwisp.core

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.CsvSource
import org.lwisp.core.capture.ShadingMap
import org.lwisp.core.capture.noiseOfSites
import org.lwisp.core.raw.Area
import org.lwisp.core.raw.Cfa

class ShadingMapsTest {
    private val map = ShadingMap(3, 5) { channel, row, column -> 1f + channel + 0.1f * row + 0.01f * column }

    /** Channels of the cell's four sites, row by row; greens by their row. */
    @ParameterizedTest
    @CsvSource("RGGB,0123", "GRBG,1032", "GBRG,1302", "BGGR,3120")
    fun eachSiteGetsItsChannel(
        cfa: Cfa,
        channels: String,
    ) {
        val maps = map.gainMaps(cfa, Area(0, 0, 40, 30), Area(0, 0, 40, 30))
        assertEquals(channels, maps.joinToString("") { (it.gains[0] - 1).toInt().toString() })
        assertEquals(listOf(0, 0, 1, 1), maps.map { it.down.start })
        assertEquals(listOf(0, 1, 0, 1), maps.map { it.across.start })
    }

    @Test
    fun pointsLieOnTheActiveArraysEdges() {
        val found = map.gainMaps(Cfa.RGGB, Area(0, 0, 40, 30), Area(4, 3, 32, 24))[0]
        assertEquals(listOf(0.1, 0.4), found.down.run { listOf(origin, spacing) })
        assertEquals(listOf(0.1, 0.2), found.across.run { listOf(origin, spacing) })
        assertArrayEquals(floatArrayOf(1f, 1.01f, 1.02f, 1.03f, 1.04f), found.gains.copyOf(5))
    }

    @Test
    fun noiseOfTheGreensIsTheirMean() {
        val noise = noiseOfSites(Cfa.GRBG, listOf(Pair(2.0, 0.2), Pair(1.0, 0.1), Pair(3.0, 0.3), Pair(4.0, 0.6)))
        assertArrayEquals(doubleArrayOf(1.0, 3.0, 3.0), noise.scale)
        assertArrayEquals(doubleArrayOf(0.1, 0.4, 0.3), noise.offset)
        assertThrows(RawException::class.java) { noiseOfSites(Cfa.RGGB, List(4) { Pair(-1.0, 0.0) }) }
    }
}
