"""Ends reads that wait when their reader is told to stop: one thread for all streams of an engine.

A blocked read cannot look at a flag, and a read with a short timeout loses its place in the stream. So
another thread looks at the flags, a few times a second and only while somebody reads, and shuts the
connection down.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager

from tfjob_kit.cluster.kube.stream import Stream

__all__ = ["Interrupter"]

_LOOK_SECONDS = 0.25


class Interrupter:
    """Shuts streams whose stop flag is set."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._streams: dict[Stream, threading.Event] = {}
        self._wake = threading.Event()
        self._is_running = False

    @contextmanager
    def watching(self, stop: threading.Event, stream: Stream) -> Generator[None]:
        """Within the block, `stop` ends what reads the stream."""
        with self._lock:
            self._streams[stream] = stop
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name="interrupter", daemon=True).start()
        try:
            yield
        finally:
            with self._lock:
                del self._streams[stream]

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._streams:
                    self._is_running = False
                    return
                told = [stream for stream, stop in self._streams.items() if stop.is_set()]
            for stream in told:
                stream.shut()
            self._wake.wait(_LOOK_SECONDS)
