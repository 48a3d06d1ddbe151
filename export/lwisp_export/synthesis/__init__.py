"""Unprocessing (Brooks et al., CVPR 2019): photographs back to the RAW mosaics of cameras.

Each step here is the mirror image of a step that `lwisp_mobile.raw` applies. numpy only.
"""
