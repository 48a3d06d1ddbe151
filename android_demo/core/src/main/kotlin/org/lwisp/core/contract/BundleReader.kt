package org.lwisp.core.contract

import org.lwisp.core.ContractException
import org.lwisp.core.json.JsonObject
import org.lwisp.core.json.parseObject

/** The only plane order that `prepare` makes. */
private val PLANES = listOf("R", "Gr", "Gb", "B")

/** Reads a bundle's `contract.json`. Raises [ContractException] naming the key. */
fun readBundle(text: String): Bundle {
    val tree = parseObject(text, CONTRACT_FILE)
    checkVersion("bundle_version", tree, BUNDLE_VERSION)
    return Bundle(tree.text("name"), tree.children("models").map(::modelFile))
}

private fun modelFile(tree: JsonObject): ModelFile {
    val file = tree.text("file")
    if ('/' in file || '\\' in file || file in setOf("", ".", "..")) {
        throw ContractException("Model file \"$file\" isn't a plain file name beside $CONTRACT_FILE. Export again.")
    }
    return ModelFile(file, tree.text("sha256"), modelContract(tree.child("contract")))
}

private fun modelContract(tree: JsonObject): ModelContract {
    checkVersion("contract_version", tree, CONTRACT_VERSION)
    return ModelContract(
        precision = tree.text("precision"),
        input = inputContract(tree.child("input")),
        inputTensor = tensor(tree.child("input_tensor")),
        outputTensor = tensor(tree.child("output_tensor")),
        outputScale = tree.integer("output_scale"),
        haloPx = tree.integer("halo_px"),
        context = tree.child("context").let { ContextContract(it.integer("grid"), it.integer("crop_px")) },
        contextTensors = tree.children("context_tensors").map(::tensor),
    )
}

private fun inputContract(tree: JsonObject): InputContract {
    val planes = tree.texts("planes")
    if (planes != PLANES) throw ContractException("planes are $planes; this app packs $PLANES. Update the app.")
    return InputContract(
        sizeMultiple = tree.integer("size_multiple"),
        subtractBlack = tree.flag("subtract_black"),
        whiteBalance = tree.flag("white_balance"),
        referenceToSrgb = tree.matrixOrNull("reference_to_srgb"),
        curveOffset = tree.number("curve_offset"),
    )
}

private fun tensor(tree: JsonObject): TensorSpec {
    val type =
        when (val name = tree.text("dtype")) {
            "float32" -> ElementType.FLOAT32
            "int8" -> ElementType.INT8
            else -> throw ContractException("Tensors of type $name aren't known to this app; int8 and float32 are.")
        }
    return TensorSpec(tree.text("name"), type, tree.numberOrNull("scale"), tree.integerOrNull("zero_point"))
}

private fun checkVersion(
    key: String,
    tree: JsonObject,
    known: Int,
) {
    val found = tree.integer(key)
    if (found != known) throw ContractException("$key $found isn't known; this app reads $known. Update the app.")
}
