package org.lwisp.core.engine

import org.lwisp.core.ContractException
import org.lwisp.core.contract.SignatureContract
import org.lwisp.core.contract.TensorSpec
import org.lwisp.core.raw.PackedSize

/*
 * Field numbers of TensorFlow Lite's schema (schema.fbs).
 */
private const val MODEL_SUBGRAPHS = 2
private const val MODEL_SIGNATURES = 7
private const val SIGNATURE_INPUTS = 0
private const val SIGNATURE_KEY = 2
private const val SIGNATURE_SUBGRAPH = 4
private const val NAMED_NAME = 0
private const val NAMED_TENSOR = 1
private const val SUBGRAPH_TENSORS = 0
private const val SUBGRAPH_INPUTS = 1
private const val SUBGRAPH_OPERATORS = 3
private const val OPERATOR_INPUTS = 1
private const val OPERATOR_OUTPUTS = 2
private const val TENSOR_SHAPE = 0
private const val TENSOR_NAME = 3

/**
 * A copy of a .tflite with one signature alone, made for one size of frame.
 *
 * LiteRT compiles every graph of a file, GPU kernels for one size each, and the Kotlin `CompiledModel` runs a graph at
 * the size in the file. (Where an input can be resized, LiteRT 2.3 gives wrong int8 means after it has grown.) A
 * signature takes any multiple of its own, so the sizes of its graph's tensors, which are plain numbers in the file,
 * are overwritten before it is loaded; weights stay as they are.
 *
 * bytes: a .tflite whose hash was checked. size: of the tile, packed, whatever the signature takes. Raises
 * [ContractException] if a tensor's size doesn't follow the inputs'.
 */
fun specialized(
    bytes: ByteArray,
    signature: SignatureContract,
    size: PackedSize,
): ByteArray {
    val multiple = signature.multiplePx
    require(size.px > 0 && size.widthPx % multiple == 0 && size.heightPx % multiple == 0) {
        "A tile of ${size.widthPx}x${size.heightPx} packed px isn't of multiples of $multiple."
    }
    val copy = bytes.copyOf()
    try {
        GraphEditor(FlatTable.root(copy), signature).write(size)
    } catch (error: IndexOutOfBoundsException) {
        throw ContractException("The model file is damaged. Copy it again.", error)
    }
    return copy
}

private class GraphEditor(
    private val model: FlatTable,
    private val contract: SignatureContract,
) {
    fun write(size: PackedSize) {
        val signatures = model.children(MODEL_SIGNATURES)
        val index = signatures.indexOfFirst { it.text(SIGNATURE_KEY) == contract.name }
        if (index < 0) throw ContractException("The model has no signature \"${contract.name}\". Export it again.")
        val graphIndex = signatures[index].integer(SIGNATURE_SUBGRAPH)
        resize(signatures[index], model.children(MODEL_SUBGRAPHS)[graphIndex], size)
        model.keepOnly(MODEL_SIGNATURES, index)
        model.keepOnly(MODEL_SUBGRAPHS, graphIndex)
        signatures[index].setInteger(SIGNATURE_SUBGRAPH, 0)
    }

    private fun resize(
        signature: FlatTable,
        graph: FlatTable,
        size: PackedSize,
    ) {
        val tensors = graph.children(SUBGRAPH_TENSORS)
        val exported = exportedSize(signature, tensors)
        val fed = fed(graph)
        val (pictures, weights) = tensors.withIndex().partition { it.index in fed }
        val fixed = weights.flatMap { places(it.value) }.toSet()
        if (pictures.any { places(it.value).any(fixed::contains) }) {
            throw ContractException("A weight shares its shape with a picture. Export again.")
        }
        // Tensors of one shape may share its place in the file: each place is written once.
        pictures.map { it.value }.distinctBy { places(it).firstOrNull() }.forEach { resize(it, exported, size) }
    }

    /** Tensors that depend on the input. Weights don't, nor what only they are turned into (16-bit ones into floats). */
    private fun fed(graph: FlatTable): Set<Int> {
        val fed = graph.integers(SUBGRAPH_INPUTS).toMutableSet()
        for (operator in graph.children(SUBGRAPH_OPERATORS)) {
            if (operator.integers(OPERATOR_INPUTS).any(fed::contains)) fed += operator.integers(OPERATOR_OUTPUTS)
        }
        return fed
    }

    /** The packed size that the graph is stored for, by its first input that isn't image-wide. */
    private fun exportedSize(
        signature: FlatTable,
        tensors: List<FlatTable>,
    ): PackedSize {
        val spec = contract.inputs.first { !it.imageWide }
        val input =
            signature.children(SIGNATURE_INPUTS).firstOrNull { it.text(NAMED_NAME) == spec.name }
                ?: throw ContractException("${contract.name} has no input \"${spec.name}\". Export the model again.")
        val shape = places(tensors[input.integer(NAMED_TENSOR)]).map(model.file::getInt)
        if (shape.size != 4) throw ContractException("\"${spec.name}\" has ${shape.size} axes, not 4. Export again.")
        return PackedSize(packed(shape[2], spec), packed(shape[1], spec))
    }

    private fun packed(
        sidePx: Int,
        spec: TensorSpec,
    ) = (sidePx / spec.resolution).toInt()

    private fun resize(
        tensor: FlatTable,
        from: PackedSize,
        to: PackedSize,
    ) {
        val places = places(tensor)
        if (places.size != 4) return
        val (height, width) = places.subList(1, 3).map(model.file::getInt)
        // Means and maxima over the picture are one pixel at any size.
        if (height == 1 && width == 1) return
        model.file.putInt(places[1], scaled(height, from.heightPx, to.heightPx, tensor))
        model.file.putInt(places[2], scaled(width, from.widthPx, to.widthPx, tensor))
    }

    private fun scaled(
        side: Int,
        from: Int,
        to: Int,
        tensor: FlatTable,
    ): Int {
        if (side.toLong() * to % from != 0L) {
            throw ContractException(
                "Tensor \"${tensor.text(TENSOR_NAME)}\": a side of $side px doesn't follow the input's.",
            )
        }
        return (side.toLong() * to / from).toInt()
    }

    private fun places(tensor: FlatTable): List<Int> = tensor.integerPlaces(TENSOR_SHAPE)
}
