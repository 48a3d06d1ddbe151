package org.lwisp.core.contract

import org.lwisp.core.ContractException
import org.lwisp.core.json.JsonObject
import org.lwisp.core.json.parseObject

/**
 * Reads a bundle's `contract.json`, all of it: a key that this code doesn't know is refused like one that is missing.
 * Raises [ContractException] naming the key.
 */
fun readBundle(text: String): Bundle =
    parseObject(text, CONTRACT_FILE).let { tree ->
        checkVersion("bundle_version", tree, BUNDLE_VERSION)
        tree.complete { Bundle(text("name"), children("models").map(::modelFile)) }
    }

private fun modelFile(tree: JsonObject): ModelFile =
    tree.complete {
        val file = text("file")
        if ('/' in file || '\\' in file || file in setOf("", ".", "..")) {
            throw ContractException("Model file \"$file\" isn't a plain file name beside $CONTRACT_FILE. Export again.")
        }
        ModelFile(file, integer("bytes"), text("sha256"), modelContract(child("contract")))
    }

private fun modelContract(tree: JsonObject): ModelContract {
    checkVersion("contract_version", tree, CONTRACT_VERSION)
    return tree.complete {
        val tensors = tensors(children("tensors"))
        ModelContract(
            name = text("name"),
            task = text("task"),
            precision = text("precision"),
            parameters = integer("parameters"),
            macsPerPackedPx = number("macs_per_packed_px"),
            weightsSha256 = text("weights_sha256"),
            interpreterBytes = integer("interpreter_bytes").toLong(),
            input = inputContract(child("input")),
            context = child("context").complete { ContextContract(integer("grid"), integer("crop_px")) },
            whole = signature(child("whole"), tensors),
            sample = signature(child("sample"), tensors),
            develop = signature(child("develop"), tensors),
            stages = children("stages").map { signature(it, tensors) },
            renderedTone = renderedTone(text("rendered_tone")),
        )
    }
}

private fun renderedTone(name: String): RenderedTone =
    when (name) {
        "neutral" -> RenderedTone.NEUTRAL
        "contrast" -> RenderedTone.CONTRAST
        else -> throw ContractException("rendered_tone is \"$name\"; neutral and contrast are known. Update the app.")
    }

private fun tensors(trees: List<JsonObject>): Map<String, TensorSpec> {
    val tensors = trees.map(::tensor).associateBy { it.name }
    if (tensors.size != trees.size) throw ContractException("Two tensors have one name. Export the model again.")
    return tensors
}

private fun tensor(tree: JsonObject): TensorSpec =
    tree.complete {
        val type =
            when (val dtype = text("dtype")) {
                "float32" -> ElementType.FLOAT32
                "int8" -> ElementType.INT8
                else -> throw ContractException("Tensors of $dtype are unsupported; needed are int8 or float32.")
            }
        TensorSpec(
            text("name"),
            type,
            numberOrNull("scale"),
            integerOrNull("zero_point"),
            integer("channels"),
            number("resolution"),
        )
    }

private fun signature(
    tree: JsonObject,
    tensors: Map<String, TensorSpec>,
): SignatureContract =
    tree.complete {
        val name = text("name")
        val named = { key: String ->
            texts(key).map {
                tensors[it] ?: throw ContractException("Signature \"$name\" names no tensor \"$it\". Export again.")
            }
        }
        SignatureContract(
            name,
            named("inputs"),
            named("outputs"),
            integer("halo_px"),
            integer("multiple_px"),
            number("macs_per_packed_px"),
            number("bytes_per_packed_px"),
            number("shared_bytes_per_packed_px"),
        )
    }

/** Told apart from what else may be wrong, because the next step depends on which of the two is older. */
private fun checkVersion(
    key: String,
    tree: JsonObject,
    known: Int,
) {
    val found = tree.integer(key)
    if (found == known) return
    val step = if (found < known) "Export the model again (lwisp export) and rebuild the app" else "Update the app"
    throw ContractException("$CONTRACT_FILE has $key $found; this app reads $known. $step.")
}
