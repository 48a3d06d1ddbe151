"""From a RawImage to the input planes, by the contract.

Each module is one step, in the order in which they run: levels, bad_pixels, shading, white_balance, color, exposure,
curve, pack, noise; `prepare` calls them. Linearization tables are applied where a file is read. Planes inside are
(4, h, w) float32, order R, Gr, Gb, B. Every step is written in additions, multiplications, divisions and square roots
of 32-bit floats in a stated order, so that other languages get the same bits (tests/golden/steps.json).
"""
