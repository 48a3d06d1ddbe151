"""The engine that runs models: LiteRT, or tflite-runtime; and what runs the graph in it."""

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from lwisp_mobile.engine.delegates import CPU, LITERT_ONLY, CompiledRunner, compile_model, open_library
from lwisp_mobile.errors import MissingExtraError, ModelError, UsageError, missing_runtime

LITERT, TFLITE_RUNTIME = "litert", "tflite-runtime"
_MODULES = {LITERT: "ai_edge_litert", TFLITE_RUNTIME: "tflite_runtime"}


@dataclass(frozen=True)
class Target:
    """What is to run a model."""

    engine: str | None = None
    """litert or tflite-runtime; None: LiteRT, or tflite-runtime where only that is installed."""
    delegate: str = CPU
    """cpu (XNNPACK), gpu or npu (LiteRT's CompiledModel), or the path of an external delegate's library."""
    delegate_options: tuple[tuple[str, str], ...] = ()
    """Keys and values for an external delegate; for gpu and npu as `compile_options` takes them."""
    require_delegate: bool = False
    """Refuse a model that the delegate doesn't run whole."""

    def __post_init__(self) -> None:
        """Refuse what can't go together."""
        if self.engine not in (None, *_MODULES):
            raise UsageError(f"No engine {self.engine!r}; choose {' or '.join(_MODULES)}.")
        if self.delegate in LITERT_ONLY and self.engine == TFLITE_RUNTIME:
            raise UsageError(f"{self.delegate} is LiteRT's; tflite-runtime has cpu and external libraries.")
        if self.delegate_options and self.delegate == CPU:
            raise UsageError("cpu takes no options; they are for gpu, npu and an external delegate's library.")


@dataclass(frozen=True)
class Loaded:
    """A model in an engine, and what it takes to load it again."""

    interpreter: Any
    compiled: Any
    """LiteRT's CompiledModel for gpu and npu, else None."""
    model: bytes
    threads: int
    target: Target


def load(model: bytes, threads: int, target: Target) -> Loaded:
    """Load a model. threads: on the CPU.

    Raises ModelError if the engine refuses it, DelegateError if the delegate can't be used here, MissingExtraError if
    the engine isn't there.
    """
    module = interpreter_module(target.engine)
    try:
        accelerated = target.delegate in LITERT_ONLY
        compiled = compile_model(model, target.delegate, target.delegate_options) if accelerated else None
        delegates = external_delegates(module, target)
        return Loaded(
            module.Interpreter(model_content=model, num_threads=threads, experimental_delegates=delegates),
            compiled,
            model,
            threads,
            target,
        )
    except (RuntimeError, ValueError) as error:
        raise _refused(error) from error


def runner(loaded: Loaded, signature: str) -> Any:
    """One signature, called by its inputs' names. Raises ModelError if the model has none of this name."""
    try:
        found = loaded.interpreter.get_signature_runner(signature)
    except (RuntimeError, ValueError) as error:
        raise _refused(error) from error
    return found if loaded.compiled is None else CompiledRunner(loaded.compiled, signature, found)


def allocate(loaded: Loaded, shape: tuple[int, ...]) -> None:
    """Have the engine lay out a model's weights now, which else its first run does.

    shape: a small one for the model's first signature, which must not be run in this interpreter (see `Signature`).
    Nothing is done for LiteRT's CompiledModel. Raises ModelError if the engine refuses.
    """
    if loaded.compiled is not None:
        return
    try:
        loaded.interpreter.resize_tensor_input(loaded.interpreter.get_input_details()[0]["index"], shape)
        loaded.interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise _refused(error) from error


def find_engine(name: str | None) -> str:
    """The engine that a Target means. Raises MissingExtraError if there's none."""
    if name is not None:
        return name
    found = next((engine for engine, package in _MODULES.items() if find_spec(package)), None)
    if found is None:
        raise missing_runtime(ImportError("nor tflite-runtime"))
    return found


def interpreter_module(name: str | None) -> Any:
    """The engine's module with Interpreter and load_delegate. Raises MissingExtraError if it can't be used."""
    engine = find_engine(name)
    if engine == TFLITE_RUNTIME and find_spec(_MODULES[engine]) and int(np.__version__.split(".")[0]) >= 2:
        # Its import fails then, and its own message doesn't say what to do.
        raise MissingExtraError(
            f"tflite-runtime 2.14 was built for numpy 1; numpy {np.__version__} is here. "
            "Run: pip install 'numpy<2', or use LiteRT."
        )
    # Imported here so that reading RAW files and contracts doesn't wait for the engine.
    try:
        return import_module(f"{_MODULES[engine]}.interpreter")
    except ImportError as error:
        if engine == LITERT:
            raise missing_runtime(error) from error
        raise MissingExtraError(
            f"tflite-runtime isn't installed ({error}). Run: pip install 'lwisp-mobile[tflite-runtime]' (Python 3.11)"
        ) from error


def external_delegates(module: Any, target: Target) -> list[Any] | None:
    """The external delegate of a target, opened; None if it names none."""
    if target.delegate in (CPU, *LITERT_ONLY):
        return None
    return [open_library(module, target.delegate, dict(target.delegate_options))]


def _refused(error: Exception) -> ModelError:
    return ModelError(f"The engine refuses the model ({error}). Export it again or copy the bundle again.")
