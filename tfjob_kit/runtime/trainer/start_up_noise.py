"""What TensorFlow prints at each start that no setting turns off.

Before its log library is initialised, TensorFlow 2.21 writes its first lines to file descriptor 2 whatever
TF_CPP_MIN_LOG_LEVEL says (tried with 1, 2 and 3): an advertisement of oneDNN and, on a machine without a
GPU, failed looks for CUDA, twice. They bury the first lines of a run. Owns the list of such lines and holds
them back; every other line passes at once. Whether the claimed GPUs are there is `gpu_check`'s to say.
Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Iterator

__all__ = ["held_back", "is_noise"]

_NOISE = re.compile(
    rb"All log messages before absl::InitializeLog\(\)"
    rb"|oneDNN custom operations are on"
    rb"|Could not find cuda drivers on your machine"
    rb"|failed call to cuInit"
    rb"|This TensorFlow binary is optimized to use available CPU instructions"
    rb"|To enable the following instructions: .*rebuild TensorFlow"
)


def is_noise(line: bytes) -> bool:
    """Whether the line says nothing about this run."""
    return _NOISE.search(line) is not None


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """Runs the body with the noise taken out of stderr; no thread is left behind at its end."""
    reader, writer = os.pipe()
    stderr = os.dup(2)
    os.dup2(writer, 2)
    os.close(writer)
    thread = threading.Thread(target=_pass_on, args=(reader, stderr))
    thread.start()
    try:
        yield
    finally:
        # The pipe's last writer closes here, which ends the thread.
        os.dup2(stderr, 2)
        thread.join()
        os.close(stderr)


def _pass_on(reader: int, stderr: int) -> None:
    with open(reader, "rb", buffering=0) as lines:
        rest = b""
        while part := lines.read(65536):
            *whole, rest = (rest + part).split(b"\n")
            for line in whole:
                if not is_noise(line):
                    os.write(stderr, line + b"\n")
        if rest and not is_noise(rest):
            os.write(stderr, rest)
