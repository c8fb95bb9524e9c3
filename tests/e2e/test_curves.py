"""Curves of a run of this machine, as a browser gets them."""

from __future__ import annotations

import json
import signal
import socket
import urllib.error
import urllib.request
from typing import Any

import pytest

pytestmark = [pytest.mark.tf]
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def tags(address: str) -> dict[str, Any]:
    """Names of the curves of each run; empty as long as there is no answer."""
    try:
        with OPENER.open(f"{address}/data/plugin/scalars/tags", timeout=60) as answer:
            return json.loads(answer.read())
    except (OSError, urllib.error.URLError):
        return {}


@pytest.mark.slow
def test_tensorboard_serves_the_event_files_of_a_run(kit):
    kit.jobs.append("curves")
    done = kit("run", "model=digits_cnn", "gpus=0", "train.steps=30", "--name", "curves", "--engine", "local")
    assert done.returncode == 0, done.stdout + done.stderr

    number = free_port()
    shown = kit.start("tensorboard", "curves", "--engine", "local", "--port", str(number))
    try:
        found = kit.until(lambda: tags(f"http://127.0.0.1:{number}"), what="the curves")
    finally:
        shown.send_signal(signal.SIGTERM)
        shown.communicate(timeout=60)

    assert any("loss" in tag for run in found.values() for tag in run), found
