"""An answer that goes on: its lines as they come, and a way to end a read that waits."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

__all__ = ["Stream"]

_READ_BYTES = 1 << 16


class Stream:
    """Reads one urllib3 response; used by one thread, shut by any."""

    def __init__(self, response: Any) -> None:
        self.headers: Any = response.headers
        self._response = response
        self._is_shut = False

    def lines(self) -> Iterator[bytes]:
        """Lines without their ends; what follows the last end comes last.

        A stream that was shut ends without an error.

        Raises:
            Exception: Of urllib3, when the connection breaks.
        """
        rest: list[bytes] = []
        while data := self._read():
            *whole, last = data.split(b"\n")
            if whole:
                yield b"".join([*rest, whole[0]])
                yield from whole[1:]
                rest = []
            if last:
                rest.append(last)
        if rest and not self._is_shut:
            yield b"".join(rest)

    def shut(self) -> None:
        """Ends a read that waits in another thread."""
        self._is_shut = True
        with contextlib.suppress(Exception):
            self._response.shutdown()

    def close(self) -> None:
        """Gives up the connection."""
        with contextlib.suppress(Exception):
            self._response.close()

    def _read(self) -> bytes:
        try:
            return self._response.read1(_READ_BYTES)
        except Exception:
            if self._is_shut:
                return b""
            raise
