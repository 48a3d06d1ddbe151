"""Ways of measuring a model: each implements `lwisp_bench.runners.runner.Runner`."""
