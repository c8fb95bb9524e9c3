"""The agent's side of the zygote: its start, its messages, its end.

Owns the socket pair of `runtime.trainer.zygote`, whose docstring has the protocol. Must not know what a
trainer does, nor when one is needed.
"""

from __future__ import annotations

import json
import selectors
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tfjob_kit.runtime.agent import children

__all__ = ["ZygoteLink"]

_PACKET = 65536


class ZygoteLink:
    """One zygote process.

    Attributes:
        pid: The process.
        warm: It has finished its import and forks at once.
        unable: Why it cannot import what it must; None unless it said so.
        closed: It is gone, or about to.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        environ: Mapping[str, str],
        target: int,
        selector: selectors.BaseSelector,
        take: Callable[[dict[str, Any]], None],
    ) -> None:
        self._selector = selector
        self._take = take
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.warm = False
        self.unable: str | None = None
        self.closed = False
        with theirs:
            self.pid = children.spawn(command, environ=environ, descriptor=theirs.fileno(), target=target)
        self._socket.setblocking(False)
        selector.register(self._socket, selectors.EVENT_READ, self._read)

    def fork(self, *, attempt: int, report_end: int) -> bool:
        """Asks for a trainer that reports to `report_end`; False when the zygote is gone."""
        message = json.dumps({"fork": {"attempt": attempt}}).encode()
        try:
            socket.send_fds(self._socket, [message], [report_end])
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Ends the zygote, and with it its trainer."""
        if not self.closed:
            self.closed = True
            self._selector.unregister(self._socket)
            self._socket.close()
            children.send_signal(self.pid, signal.SIGKILL)

    def _read(self) -> None:
        try:
            data = self._socket.recv(_PACKET)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            self._take({"gone": {}})
            return
        message: dict[str, Any] = json.loads(data)
        if "warm" in message:
            self.warm = True
        elif "unable" in message:
            self.unable = str(message["unable"])
        self._take(message)
