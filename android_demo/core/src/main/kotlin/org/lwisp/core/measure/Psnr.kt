package org.lwisp.core.measure

import org.lwisp.core.picture.Picture
import kotlin.math.log10

/** Peak signal-to-noise ratio of two 8-bit pictures of one size, in dB; infinite if they are equal. */
fun psnrDb(
    picture: Picture,
    reference: Picture,
): Double {
    require(picture.widthPx == reference.widthPx && picture.heightPx == reference.heightPx) {
        "Pictures of ${picture.widthPx}x${picture.heightPx} and ${reference.widthPx}x${reference.heightPx} px can't be compared."
    }
    var squares = 0L
    for (at in picture.argb.indices) {
        for (shift in intArrayOf(16, 8, 0)) {
            val difference = (picture.argb[at] ushr shift and 0xff) - (reference.argb[at] ushr shift and 0xff)
            squares += difference * difference
        }
    }
    val meanSquare = squares / (3.0 * picture.argb.size) / (255.0 * 255.0)
    return if (squares == 0L) Double.POSITIVE_INFINITY else -10 * log10(meanSquare)
}
