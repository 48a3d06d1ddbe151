/**
 * A Bayer mosaic with its levels, colours and corrections. Matrices are row by row.
 *
 * @typedef {object} RawFrame
 * @property {Uint16Array} mosaic sensor values as read, row by row, masked borders removed
 * @property {number} widthPx
 * @property {number} heightPx
 * @property {string} cfa filter order of the 2x2 cell at the top left: RGGB, GRBG, GBRG or BGGR
 * @property {number[]} blackLevel sensor value of black at the cell's four sites, row by row
 * @property {number} whiteLevel sensor value at which a site saturates
 * @property {number[]} wbGains gains of R, G, B, all above 0; only their ratios matter
 * @property {number[] | null} cameraToSrgb white-balanced linear camera RGB to linear sRGB; null if unknown
 * @property {number} orientation EXIF, 1 to 8
 * @property {GainMap[]} gainMaps lens shading to undo, one map after another
 * @property {VignetteRadial[]} vignettes
 * @property {BadPixels[]} badPixels
 * @property {WarpRectilinear[]} warps the lens's distortion to undo, one after another
 * @property {number} baselineExposureEv exposure that the file asks for, in stops
 * @property {NoiseProfile | null} noiseProfile null if the file doesn't say
 * @property {Rectangle} picture what of the developed mosaic, before it's turned upright, is the picture
 * @property {string[]} notes what the file asks for and isn't honoured, for the user to read
 */

/**
 * A rectangle in pixels.
 *
 * @typedef {object} Rectangle
 * @property {number} left
 * @property {number} top
 * @property {number} width
 * @property {number} height
 */

/**
 * Along one side: where a gain map has points, and for which rows or columns they are.
 *
 * @typedef {object} MapAxis
 * @property {number} count
 * @property {number} origin relative place of the first point
 * @property {number} spacing relative distance between points
 * @property {number} start first row that has the gain
 * @property {number} stop first row that is no longer of the map's area
 * @property {number} pitch rows start, start + pitch, … have the gain
 */

/**
 * Gains that undo a lens's shading (DNG opcode 9).
 *
 * @typedef {object} GainMap
 * @property {MapAxis} down
 * @property {MapAxis} across
 * @property {Float32Array} gains row by row, over 0
 */

/**
 * A gain by the distance from the optical centre (DNG opcode 3): 1 + k0 r^2 + k1 r^4 + … + k4 r^10, r in that of the
 * farthest corner.
 *
 * @typedef {object} VignetteRadial
 * @property {number[]} coefficients k0 to k4
 * @property {number} centerX relative column of the centre
 * @property {number} centerY relative row of the centre
 */

/**
 * A lens's distortion and lateral colour (DNG opcode 1).
 *
 * @typedef {object} WarpRectilinear
 * @property {number[][]} coefficients kr0 to kr3, kt0, kt1; one row for all colours, or one each for R, G, B
 * @property {number} centerX relative column of the centre
 * @property {number} centerY relative row of the centre
 */

/**
 * Pixels to replace by their neighbours of the same colour (DNG opcodes 4 and 5).
 *
 * @typedef {object} BadPixels
 * @property {number | null} constant every pixel of this value is bad; null: only those listed
 * @property {number[][]} points row and column
 * @property {Rectangle[]} rectangles
 */

/**
 * A shot's noise: variance = scale * light + offset of R, G and B; light is 0 at black and 1 at white.
 *
 * @typedef {object} NoiseProfile
 * @property {number[]} scale shot noise
 * @property {number[]} offset read noise
 */

export {};
