"""Variables that TensorFlow reads while it is imported.

Owns their names and values. Applied to the process before `import tensorflow`; what the user has set himself
wins. Standard library only: the agent reads this too.
"""

from __future__ import annotations

from tfjob_kit.config import schema

__all__ = ["tensorflow_environment"]

_ALWAYS = {
    # Keras 3 asks this once, at import; the trainer's loop is TensorFlow's.
    "KERAS_BACKEND": "tensorflow",
    # Errors only: the C++ side warns at each start about datasets it does not optimise.
    "TF_CPP_MIN_LOG_LEVEL": "2",
    # NVML counts cards by bus id, CUDA by speed unless told so: memory totals must belong to the right card.
    "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
}


def tensorflow_environment(config: schema.RunConfig) -> dict[str, str]:
    """Variables to set where the environment does not have them yet, before TensorFlow is imported."""
    variables = dict(_ALWAYS)
    if config.gpu_memory.mode is schema.GpuMemoryMode.async_:
        variables["TF_GPU_ALLOCATOR"] = "cuda_malloc_async"
    return variables
