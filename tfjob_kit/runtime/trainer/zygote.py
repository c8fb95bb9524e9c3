"""The process that has imported TensorFlow and forks trainers on demand.

Most of a restart is `import tensorflow` (3 s warm, 18 s with a cold page cache), so it happens once. Owns the
import, the forks and the wait statuses. Touches no device: threads and CUDA contexts do not survive a fork.
Must not know why a trainer is started or ended.

Messages are JSON objects on a SOCK_SEQPACKET pair, one per packet:

    agent -> zygote   {"fork": {"attempt": 1}} with the write end of the report pipe (SCM_RIGHTS)
    zygote -> agent   {"warm": {"seconds": 2.9, "threads": 1}}      once, after the import
                      {"unable": "ModuleNotFoundError: ..."}        instead of it; the zygote leaves
                      {"started": {"pid": 71}}
                      {"refused": "..."}                            the fork failed; nothing runs
                      {"ended": {"pid": 71, "status": 9}}           status as wait(2) gives it

A closed socket ends the zygote, and the zygote's end its trainers.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

from tfjob_kit.runtime import leash
from tfjob_kit.runtime.trainer import start_up_noise

__all__ = ["main", "serve"]

_ENTRY = "tfjob_kit.runtime.trainer.main:run"
_IMPORTS = "tensorflow,keras"
_PACKET = 4096


def main(arguments: list[str]) -> int:
    """Imports, then serves until the agent closes the socket."""
    parser = argparse.ArgumentParser(prog="zygote")
    parser.add_argument("--socket", type=int, required=True)
    parser.add_argument("--entry", default=_ENTRY, help="module:function(report_fd, attempt)")
    parser.add_argument("--imports", default=_IMPORTS, help="modules to import before the first fork")
    options = parser.parse_args(arguments)
    # Ctrl-C and SIGTERM to the whole group are the agent's to answer.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with socket.socket(fileno=options.socket) as agent:
        begun = time.monotonic()
        try:
            entry = _import(options.entry, options.imports)
        except Exception as error:
            traceback.print_exc()
            _send(agent, {"unable": f"{type(error).__name__}: {error}"})
            return 1
        seconds = round(time.monotonic() - begun, 3)
        _send(agent, {"warm": {"seconds": seconds, "threads": _native_threads()}})
        serve(agent, entry)
    return 0


def serve(agent: socket.socket, entry: Callable[[int, int], Any]) -> None:
    """Forks on request and reports ends, until the agent closes its side."""
    woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    # Objects of the import are shared with every trainer: the collector leaves their pages alone.
    gc.freeze()
    while True:
        ready = _wait(agent.fileno(), woken)
        if woken in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(woken, 64)
            _report_ends(agent)
        if agent.fileno() in ready and not _answer(agent, entry):
            return


def _import(entry: str, imports: str) -> Callable[[int, int], Any]:
    with start_up_noise.held_back():
        for name in filter(None, imports.split(",")):
            importlib.import_module(name)
    module, _, function = entry.partition(":")
    return getattr(importlib.import_module(module), function)


def _wait(*descriptors: int) -> list[int]:
    return select.select(descriptors, [], [])[0]


def _answer(agent: socket.socket, entry: Callable[[int, int], Any]) -> bool:
    try:
        data, descriptors, _, _ = socket.recv_fds(agent, _PACKET, 1)
    except ConnectionError:
        return False
    if not data:
        return False
    attempt = int(json.loads(data)["fork"]["attempt"])
    try:
        _fork(agent, entry, descriptors[0], attempt)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    return True


def _fork(agent: socket.socket, entry: Callable[[int, int], Any], report: int, attempt: int) -> None:
    if threading.active_count() > 1:
        # A lock that another Python thread holds stays locked for ever in the child.
        names = ", ".join(t.name for t in threading.enumerate() if t is not threading.main_thread())
        _send(agent, {"refused": f"threads run after the import: {names}"})
        return
    sys.stdout.flush()
    sys.stderr.flush()
    zygote = os.getpid()
    try:
        pid = os.fork()
    except OSError as error:
        _send(agent, {"refused": f"fork failed: {error.strerror}"})
        return
    if pid == 0:
        _become_trainer(agent, entry, report, attempt, zygote)
    _send(agent, {"started": {"pid": pid}})


def _become_trainer(
    agent: socket.socket, entry: Callable[[int, int], Any], report: int, attempt: int, zygote: int
) -> None:
    code = 1
    try:
        leash.die_with_parent(zygote)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        agent.close()
        entry(report, attempt)
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _report_ends(agent: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _send(agent, {"ended": {"pid": pid, "status": status}})


def _send(agent: socket.socket, message: dict[str, Any]) -> None:
    # An agent that is gone takes this process with it.
    with contextlib.suppress(OSError):
        agent.send(json.dumps(message).encode())


def _native_threads() -> int:
    return len(os.listdir("/proc/self/task"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
