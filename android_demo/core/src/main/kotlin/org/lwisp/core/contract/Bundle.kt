package org.lwisp.core.contract

import org.lwisp.core.ContractException
import java.security.MessageDigest

/** Name of the contract inside a bundle. */
const val CONTRACT_FILE = "contract.json"

/** The version of bundles that this code reads. */
const val BUNDLE_VERSION = 1

/** One model of a bundle: its file name, size, hash and contract. */
class ModelFile(
    val file: String,
    val sizeBytes: Int,
    val sha256: String,
    val contract: ModelContract,
) {
    /** Returns the bytes if they are this model's; nothing parses them before. Raises [ContractException]. */
    fun checked(bytes: ByteArray): ByteArray {
        val found = sha256Of(bytes)
        if (bytes.size != sizeBytes || found != sha256) {
            throw ContractException(
                "$file has ${bytes.size} bytes and sha256 ${found.take(16)}…; $CONTRACT_FILE says $sizeBytes and " +
                    "${sha256.take(16)}…. Copy the bundle again; this file isn't run.",
            )
        }
        return bytes
    }
}

/** The models made from one checkpoint. */
class Bundle(
    val name: String,
    val models: List<ModelFile>,
) {
    /** The model of a precision. Raises [ContractException] naming what there is. */
    fun model(precision: String): ModelFile =
        models.firstOrNull { it.contract.precision == precision }
            ?: throw ContractException(
                "No $precision model; there are: ${models.joinToString { it.contract.precision }}.",
            )
}

/** SHA-256 in hexadecimal. */
fun sha256Of(bytes: ByteArray): String =
    MessageDigest.getInstance("SHA-256").digest(bytes).joinToString("") { "%02x".format(it) }
