package org.lwisp.core.contract

import org.lwisp.core.ContractException

/** The version of `contract.json` that this code reads. */
const val CONTRACT_VERSION = 2

/** Tones of networks' pictures. */
enum class RenderedTone {
    /** sRGB-encoded light. */
    NEUTRAL,

    /** That under the S-curve 3 y^2 - 2 y^3. */
    CONTRAST,
}

/** What one .tflite takes and returns. Sizes are in packed pixels unless they say otherwise. */
class ModelContract(
    val name: String,
    val task: String,
    /** int8, fp16 (weights alone; arithmetic is float) or float32. */
    val precision: String,
    /** Weights and biases of the network as trained. */
    val parameters: Int,
    /** Multiply-adds of the network as trained, for reports; a signature states those of its own graph. */
    val macsPerPackedPx: Double,
    /** SHA-256 of the checkpoint that this model was made from. */
    val weightsSha256: String,
    /** What an interpreter takes whatever the size of its input. */
    val interpreterBytes: Long,
    val input: InputContract,
    /** Which sample of a frame [sample] is given. */
    val context: ContextContract,
    /** A frame by itself: packed planes to picture. */
    val whole: SignatureContract,
    /** A frame's sample to its image-wide tensors: what all tiles of one frame share. */
    val sample: SignatureContract,
    /** A frame or tile, with its frame's image-wide tensors, to the picture. */
    val develop: SignatureContract,
    /** [develop] in parts, in order: run one after another over the frame, each on its own tiles. */
    val stages: List<SignatureContract>,
    /** The tone that pictures have as the network gives them. */
    val renderedTone: RenderedTone,
) {
    /** The packed planes. */
    val inputTensor = whole.inputs.singleOrNull() ?: refuse("${whole.name} must take one tensor")

    /** The picture. */
    val outputTensor = whole.outputs.singleOrNull() ?: refuse("${whole.name} must return one tensor")

    init {
        if (inputTensor.resolution != 1.0) refuse("${inputTensor.name} isn't of the packed size")
        if (inputTensor.channels != input.planes) {
            refuse("${inputTensor.name} has ${inputTensor.channels} channels for ${input.planes} planes")
        }
        if (outputTensor.channels != 3 || outputTensor.resolution < 1) refuse("${outputTensor.name} isn't a picture")
        if (sample.inputs != listOf(inputTensor)) refuse("${sample.name} must take ${inputTensor.name} alone")
        if (sample.outputs.isEmpty() || !sample.outputs.all { it.imageWide }) {
            refuse("${sample.name} must return image-wide tensors alone")
        }
        checkChain(listOf(develop))
        checkChain(stages)
        checkMultiples()
    }

    /** Each stage's inputs are there before it, and the last one returns the picture. */
    private fun checkChain(stages: List<SignatureContract>) {
        val known = (sample.outputs + inputTensor).toMutableSet()
        for (stage in stages) {
            val missing = stage.inputs - known
            if (missing.isNotEmpty()) {
                refuse("nothing before ${stage.name} returns ${missing.joinToString { it.name }}")
            }
            known += stage.outputs
        }
        if (stages.lastOrNull()?.outputs != listOf(outputTensor)) refuse("the last stage must return the picture alone")
    }

    private fun checkMultiples() {
        val multiple = input.sizeMultiple
        (stages + develop + whole + sample).firstOrNull { multiple % it.multiplePx != 0 }?.let {
            refuse("${it.name} needs multiples of ${it.multiplePx} px, size_multiple is $multiple")
        }
        if (context.grid * context.cropPx % multiple != 0) {
            refuse("${context.grid} crops of ${context.cropPx} px aren't a multiple of $multiple")
        }
    }

    private fun refuse(what: String): Nothing = throw ContractException("$name: $what. Export the model again.")
}

/** Which part of a frame its image-wide tensors are taken from: a grid of crops, from edge to edge. */
class ContextContract(
    /** Crops along each side of the frame. */
    val grid: Int,
    /** Side of a crop in packed pixels. */
    val cropPx: Int,
) {
    init {
        if (grid !in 2..1024 || cropPx !in 1..1024) {
            throw ContractException("A context of $grid crops of $cropPx px is impossible. Export the model again.")
        }
    }
}
