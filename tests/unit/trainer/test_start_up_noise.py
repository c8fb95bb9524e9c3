"""Lines that TensorFlow prints at each start are held back; all others pass, whoever writes them."""

from __future__ import annotations

import os
import threading

import pytest

from tfjob_kit.runtime.trainer import start_up_noise

NOISE = (
    b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
    b"I0000 00:00:1.06 port.cc:153] oneDNN custom operations are on. You may see slightly different",
    b"I0000 00:00:1.07 cudart_stub.cc:31] Could not find cuda drivers on your machine",
    b"E0000 00:00:1.2 cuda_platform.cc:52] failed call to cuInit: UNKNOWN ERROR (303)",
)
NEWS = (
    b"Traceback (most recent call last):",
    b"ModuleNotFoundError: No module named 'keras'",
    b"E0000 00:00:1.0 cuda_dnn.cc:522] Loaded runtime CuDNN library: 9.1 but source was compiled with: 9.3",
)


def test_noise_is_held_back_and_the_rest_passes_in_order(capfd):
    with start_up_noise.held_back():
        for line in (*NOISE, NEWS[0], *NOISE, *NEWS[1:]):
            os.write(2, line + b"\n")

    assert capfd.readouterr().err.encode().splitlines() == list(NEWS)


def test_a_last_line_without_an_end_passes(capfd):
    with start_up_noise.held_back():
        os.write(2, b"Killed")

    assert capfd.readouterr().err == "Killed"


def test_an_exception_passes_and_stderr_is_itself_again(capfd):
    with pytest.raises(ImportError), start_up_noise.held_back():
        raise ImportError("no")
    os.write(2, NOISE[0] + b"\n")

    assert capfd.readouterr().err.encode() == NOISE[0] + b"\n"


def test_no_thread_stays_that_would_forbid_a_fork():
    before = threading.active_count()
    with start_up_noise.held_back():
        os.write(2, b"line\n")

    assert threading.active_count() == before
