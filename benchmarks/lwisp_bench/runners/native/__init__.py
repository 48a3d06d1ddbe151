"""The native runner: TFLite's or LiteRT's own `benchmark_model`, which the user supplies."""
