"""Names of a cluster's jobs, as long as a person waits for Tab.

A process of its own asks the cluster: names that cannot be resolved and sign-in plugins cannot be interrupted
from inside. It is waited for a second. If it takes longer, there is nothing to propose, but it goes on for a
few seconds and leaves what it found, so that the next Tab has it. Nothing of it is ever seen on the terminal.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tfjob_kit.cli import completion

if TYPE_CHECKING:
    from tfjob_kit.cli.engines import Choice

__all__ = ["ask", "cache_file"]

_WAIT_SECONDS = 1.0
_LONGEST_SECONDS = 10.0
"""Of the process; a sign-in plugin ends with it."""
_FRESH_SECONDS = 5.0
"""What was found is proposed again without asking: Tab is pressed twice to see the list."""

Found = dict[str, str]


def ask(choice: Choice, *, namespace: str | None, environ: Mapping[str, str]) -> Found:
    """Name -> state of the jobs of a namespace; empty if the cluster does not answer in time."""
    file = cache_file(environ)
    key = [choice.context, str(choice.kubeconfig or environ.get("KUBECONFIG")), namespace]
    kept = _read(file, key)
    if kept is not None:
        return kept
    if environ.get(completion.DEBUG_ENV):
        return _list(choice, namespace, environ)
    answer = _from_process(lambda: _list(choice, namespace, environ), file, key)
    return answer or {}


def _list(choice: Choice, namespace: str | None, environ: Mapping[str, str]) -> Found:
    from tfjob_kit.cluster import kube
    from tfjob_kit.cluster.kube.calls import retries
    from tfjob_kit.jobs import view

    cluster = kube.connect(
        context=choice.context,
        kubeconfig=choice.kubeconfig,
        namespace=namespace,
        environ=environ,
        budget=retries.Budget(tries=1),
    )
    jobs = cluster.list(namespace=namespace or cluster.default_namespace)
    return {job["metadata"]["name"]: view.build_view(job).state for job in jobs}


def _from_process(find: Callable[[], Found], file: Path, key: list[str | None]) -> Found | None:
    """What the function finds in a process of its own; None if it takes too long or fails."""
    reader, writer = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            os.close(reader)
            _leave_the_terminal()
            found = find()
            _write(file, key, found)
            with open(writer, "w", encoding="utf-8") as pipe:
                json.dump(found, pipe)
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, "rb", buffering=0) as pipe:
        text = _read_all(pipe.fileno(), until=time.monotonic() + _WAIT_SECONDS)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(process, os.WNOHANG)
    return json.loads(text) if text else None


def _leave_the_terminal() -> None:
    """Ctrl-C of the shell is not ours, and the shell must not wait for our output."""
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    watch = threading.Timer(_LONGEST_SECONDS, os.killpg, (0, signal.SIGKILL))
    watch.daemon = True
    watch.start()


def _read_all(pipe: int, *, until: float) -> bytes:
    """All that is written before the pipe is closed; nothing if that takes too long."""
    text = b""
    while (left := until - time.monotonic()) > 0:
        if select.select([pipe], [], [], left)[0]:
            part = os.read(pipe, 65536)
            if not part:
                return text
            text += part
    return b""


# --- what was found last -------------------------------------------------------------------------


def cache_file(environ: Mapping[str, str]) -> Path:
    """Where what was found last is kept."""
    home = environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME") or "~").expanduser() / ".cache"
    return Path(home) / "tfjob-kit" / "completion.json"


def _read(file: Path, key: list[str | None]) -> Found | None:
    """What was found for the same question a moment ago."""
    try:
        if not 0 <= time.time() - file.stat().st_mtime < _FRESH_SECONDS:
            return None
        kept = json.loads(file.read_text(encoding="utf-8"))
        return kept["found"] if kept["key"] == key else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _write(file: Path, key: list[str | None], found: Found) -> None:
    new = file.with_name(f"{file.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new.touch(mode=0o600)
        new.write_text(json.dumps({"key": key, "found": found}), encoding="utf-8")
        new.replace(file)
