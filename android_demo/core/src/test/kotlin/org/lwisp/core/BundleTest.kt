package org.lwisp.core

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource
import org.lwisp.core.contract.CONTRACT_FILE
import org.lwisp.core.contract.ElementType
import org.lwisp.core.contract.readBundle
import org.lwisp.core.json.parseJson
import org.lwisp.core.json.toJson
import java.io.File

class BundleTest {
    private val text = File(property("lwisp.bundle"), CONTRACT_FILE).readText()

    @Test
    fun theShippedBundleIsReadAndItsModelsHaveTheirHashes() {
        val bundle = readBundle(text)
        assertEquals(
            ElementType.INT8,
            bundle
                .model("int8")
                .contract.inputTensor.type,
        )
        for (model in bundle.models) {
            val bytes = File(property("lwisp.bundle"), model.file).readBytes()
            assertEquals(bytes, model.checked(bytes))
            bytes[bytes.size / 2]++
            assertThrows(ContractException::class.java) { model.checked(bytes) }
        }
    }

    @ParameterizedTest
    @ValueSource(
        strings = [
            "\"bundle_version\": 1|\"bundle_version\": 2",
            "\"contract_version\": 2|\"contract_version\": 3",
            "\"size_multiple\": [0-9]+|\"size_multiple\": 0",
            "\"Gr\"|\"Gb\"",
            "\"dtype\": \"int8\"|\"dtype\": \"int16\"",
            "\"zero_point\": -[0-9]+|\"zero_point\": null",
            "\"file\": \"|\"file\": \"../",
            "\"curve_offset\"|\"curve\"",
            "\"tensors\"|\"context_tensors\"",
            "\"stages\": \\[|\"stages\": [], \"lean_stages\": [",
            "\"name\": \"skip2\"|\"name\": \"skip3\"",
            "\"skip4\"|\"upsampled2\"",
            "\"resolution\": 0.25|\"resolution\": 0.3",
            "\"multiple_px\": 4|\"multiple_px\": 2",
            "\"multiple_px\": 16|\"multiple_px\": 32",
            "\"channels\": 3|\"channels\": 4",
            "\"white_balance\": true|\"white_balance\": true, \"denoise\": true",
            "\"interpreter_bytes\"|\"process_bytes\"",
            "\"bytes_per_packed_px\": [0-9.]+|\"bytes_per_packed_px\": 0",
            "\"shared_bytes_per_packed_px\": [0-9.]+|\"shared_bytes_per_packed_px\": 99999",
            "\"grid\": [0-9]+|\"grid\": 1",
            "\"halo_px\": [0-9]+|\"halo_px\": -1",
            "\"color_shift\": \"[a-z]+\"|\"color_shift\": \"median\"",
            "\"exposure_knee\": [a-z0-9.]+|\"exposure_knee\": 1.5",
            "\"noise_full_scale\": [0-9.]+|\"noise_full_scale\": 0",
            "\"bad_pixels\": true|\"bad_pixels\": null",
            "\"lens_shading\": true|\"shading\": true",
            "\"rendered_tone\": \"[a-z]+\"|\"rendered_tone\": \"standard\"",
            "\"B\"|\"B\", \"noise\"",
            "\"subtract_black\": true|\"subtract_black\": 1",
        ],
    )
    fun brokenContractsAreRefused(edit: String) {
        val (from, to) = edit.split('|')
        val broken = text.replace(Regex(from), to)
        assertTrue(broken != text) { "$from isn't in the contract; the test tests nothing." }
        assertThrows(ContractException::class.java) { readBundle(broken) }
    }

    @Test
    fun anotherVersionNamesTheNextStep() {
        for ((version, step) in listOf("1" to "Export the model again", "3" to "Update the app")) {
            val other = text.replace("\"contract_version\": 2", "\"contract_version\": $version")
            val error = assertThrows(ContractException::class.java) { readBundle(other) }
            assertTrue("contract_version $version" in error.message!! && step in error.message!!) { error.message!! }
        }
    }

    @Test
    fun aMissingPrecisionNamesThoseThere() {
        val error = assertThrows(ContractException::class.java) { readBundle(text).model("int4") }
        assertTrue("int8" in error.message!!)
    }

    @ParameterizedTest
    @ValueSource(
        strings = ["", "{", "[1,]", "{\"a\":1,\"a\":2}", "01", "NaN", "1e999", "\"\\x\"", "\"\n\"", "[1] 2", "tru"],
    )
    fun brokenJsonIsRefused(broken: String) {
        assertThrows(ContractException::class.java) { parseJson(broken) }
    }

    @Test
    fun deeplyNestedJsonIsRefused() {
        assertThrows(ContractException::class.java) { parseJson("[".repeat(100_000)) }
    }

    @Test
    fun jsonIsReadAsWritten() {
        val value =
            mapOf(
                "text" to "ä \"\\\n\u0001",
                "numbers" to listOf(1.5, -2.0e-9),
                "none" to null,
                "empty" to emptyList<Any>(),
                "yes" to true,
            )
        assertEquals(value, parseJson(toJson(value)))
        assertThrows(IllegalArgumentException::class.java) { toJson(Double.NaN) }
    }
}
