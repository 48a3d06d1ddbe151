"""The drift report: what INT8 does to pictures, layer by layer and image by image, as a page and as JSON."""
