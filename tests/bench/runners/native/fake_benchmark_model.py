#!/usr/bin/env python3
"""A fake of benchmark_model, of which no package ships a build: its flags, its output of 2024, its files.

It runs the model with LiteRT's Python and prints real statistics; the profile is a fixed one of one operation.
"""

import statistics
import sys
import time

import numpy as np
from ai_edge_litert.interpreter import Interpreter


def main(words):
    flags = dict(word.lstrip("-").split("=", 1) for word in words)
    if flags.get("use_gpu") == "true":
        sys.stderr.write("ERROR: GPU delegate isn't supported on this platform.\n")
        return 1
    begin = time.perf_counter()
    interpreter = Interpreter(model_path=flags["graph"], num_threads=int(flags["num_threads"]))
    details = interpreter.get_input_details()
    for detail, shape in zip(details, flags["input_layer_shape"].split(":")):
        interpreter.resize_tensor_input(detail["index"], [int(side) for side in shape.split(",")])
    interpreter.allocate_tensors()
    say("Created TensorFlow Lite XNNPACK delegate for CPU.")
    say(f"Initialized session in {1e3 * (time.perf_counter() - begin)}ms.")
    for detail, named in zip(interpreter.get_input_details(), flags["input_layer_value_files"].split(",")):
        data = np.fromfile(named.split(":", 1)[1], detail["dtype"])
        interpreter.set_tensor(detail["index"], data.reshape(detail["shape"]))
    series(interpreter, int(flags["warmup_runs"]), 0.0, 1e9)
    series(interpreter, int(flags["num_runs"]), float(flags["min_secs"]), float(flags.get("max_secs", 150)))
    if flags.get("report_peak_memory_footprint") == "true":
        say("Overall peak memory footprint (MB) via periodic monitoring: 12.5")
    if flags.get("enable_op_profiling") == "true":
        say("Operator-wise Profiling Info for Regular Benchmark Runs:")
        sys.stderr.write(f"{'=' * 30} Run Order {'=' * 30}\n")
        sys.stderr.write("[node type] [first] [avg ms] [%] [cdf%] [mem KB] [times called] [Name]\n")
        sys.stderr.write("   TfLiteXNNPackDelegate  1.500  1.250  100.000%  100.000%  0.000  1  [sum]:0\n\n")
    if "output_filepath" in flags:
        with open(flags["output_filepath"], "wb") as file:
            for detail in interpreter.get_output_details():
                file.write(interpreter.get_tensor(detail["index"]).tobytes())
    return 0


def series(interpreter, runs, least_s, most_s):
    times, begin = [], time.perf_counter()
    while (len(times) < runs or time.perf_counter() - begin < least_s) and time.perf_counter() - begin <= most_s:
        start = time.perf_counter()
        interpreter.invoke()
        times.append(round(1e6 * (time.perf_counter() - start)))
    say(
        f"count={len(times)} first={times[0]} curr={times[-1]} min={min(times)} max={max(times)} "
        f"avg={statistics.fmean(times):g} std={statistics.pstdev(times):.0f} "
        f"p5={min(times)} median={round(statistics.median(times))} p95={max(times)}\n"
    )


def say(text):
    sys.stderr.write(f"INFO: {text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
