"""Browsers as devices: a page that runs a suite by LiteRT.js, on WebAssembly and WebGPU, and posts what it measured."""
