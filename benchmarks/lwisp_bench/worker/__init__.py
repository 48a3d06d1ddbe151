"""The program that measures, on the device: needs Python 3.10, numpy and LiteRT (or tflite-runtime), nothing else.

`lwisp_bench.runners.worker_zip` packs it with the runtime's modules. It reads a Request and writes its result.
"""
