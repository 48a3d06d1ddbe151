"""LiteRT's log of a compilation: three different answers to 'why not', from what it really printed."""

from lwisp_mobile.engine.accelerator_log import explain_refusal, parse_log

NO_DRIVER = """\
INFO: [gpu_registry.cc:138] Dynamically loaded GPU accelerator(libLiteRtWebGpuAccelerator.so) registered.
WARNING: [compiler_plugin.cc:312] Failed to load plugin at: /a/libLiteRtCompilerPlugin_IntelOpenvino.so with error:
└ Could not load shared library /a/lib.so: libopenvino.so.2631: cannot open shared object file: No such file.
Warning: Couldn't load Vulkan: libvulkan.so.1: cannot open shared object file: No such file or directory
ERROR: [delegate_webgpu.cc:359] Failed to initialize WebGPU environment: INTERNAL: No adapters found
"""
PARTLY = """\
└ Could not load shared library /a/lib.so: libopenvino.so.2631: cannot open shared object file: No such file.
I0000 00:00 22308 environment.cc:532] Selected adapter: llvmpipe (LLVM 15.0.6, 256 bits), arch=software, vendor=mesa, \
backend=Vulkan, adapterType=CPU / Software
ERROR: Following operations are not supported by GPU delegate:
SUB: No support of few identical inputs in the same operation.
81 operations will run on the GPU, and the remaining 31 operations will run on the CPU.
I0000 00:00 22308 delegate_kernel.cc:984] Initializing WebGPU-based API from graph.
ERROR: Following operations are not supported by GPU delegate:
SUB: No support of few identical inputs in the same operation.
51 operations will run on the GPU, and the remaining 31 operations will run on the CPU.
"""
NONE_TAKEN = """\
I0000 00:00 1 environment.cc:532] Selected adapter: A GPU, arch=x, vendor=y, backend=Vulkan, adapterType=Discrete GPU
ERROR: Following operations are not supported by GPU delegate:
CUSTOM Fancy: Operation is not supported.
RESHAPE: OP is supported, but tensor type/shape isn't compatible.
No operations will run on the GPU, and all 9 operations will run on the CPU.
"""
NPU_PARTLY = "Partitioned subgraph<0>, selected 98 ops, from a total of 112 ops. resulted in 3 partitions."


def test_a_missing_driver_is_named_and_only_of_the_accelerator_that_was_asked_for() -> None:
    log = parse_log(NO_DRIVER, "gpu")
    assert (log.adapter, log.refused, log.split) == (None, (), ())
    told = explain_refusal(log, "gpu", "compilation failed")
    assert told.startswith("LiteRT finds no gpu on this machine (libvulkan.so.1: cannot open shared object file; ")
    assert "No adapters found" in told
    assert "openvino" not in told
    assert "libopenvino.so.2631" in explain_refusal(parse_log(NO_DRIVER, "npu"), "npu", "")


def test_what_is_taken_in_part_is_counted_with_every_reason() -> None:
    log = parse_log(PARTLY, "gpu")
    assert (log.software, log.split) == (True, ((81, 112), (51, 82)))
    told = explain_refusal(log, "gpu", "")
    assert "llvmpipe (LLVM 15.0.6, 256 bits) (software), takes only 132 of 194 operations" in told
    assert told.count("SUB: No support of few identical inputs in the same operation.") == 1
    assert "Install" not in told
    assert "takes only 98 of 112" in explain_refusal(parse_log(NPU_PARTLY, "npu"), "npu", "")


def test_a_model_that_is_refused_whole_is_no_missing_driver() -> None:
    log = parse_log(NONE_TAKEN, "gpu")
    assert log.refused == (
        "CUSTOM Fancy: Operation is not supported.",
        "RESHAPE: OP is supported, but tensor type/shape isn't compatible.",
    )
    assert (log.software, log.split) == (False, ((0, 9),))
    told = explain_refusal(log, "gpu", "")
    assert "The gpu, A GPU, takes no operation of the model: CUSTOM Fancy" in told


def test_an_unknown_failure_keeps_the_librarys_words() -> None:
    assert "can't compile the model for the npu (strange)" in explain_refusal(parse_log("", "npu"), "npu", "strange")
