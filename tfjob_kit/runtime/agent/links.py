"""Connections between agents: each calls every other and speaks; what it hears comes in by their calls.

Owns listening, calling, beats and the check that a caller belongs to this run. A connection carries lines in
one direction, and in the other only the sentence why the caller was refused. Must not decide anything: what
happens is handed on as events.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tfjob_kit.runtime.agent import announcement as wire
from tfjob_kit.runtime.agent.announcement import Announcement, Identity
from tfjob_kit.runtime.agent.decision import situation

__all__ = ["Links"]

_LINE_LIMIT = 65536
_RECALL = 0.2
_CONNECT = 1.0
_BACKLOG = 256
_MISMATCH = "it runs another config or version"
"""How a refusal begins that no waiting will mend."""


@dataclass(kw_only=True)
class _Call:
    """The outgoing side to one peer."""

    host: str
    port: int
    socket: socket.socket | None = None
    calling: bool = False
    next_call: float = 0.0
    unsent: bytes = b""
    heard: bytes = b""
    refused: bool = False


@dataclass(kw_only=True)
class _Caller:
    """One incoming connection; `peer` is known after its first line."""

    socket: socket.socket
    peer: str | None = None
    unread: bytes = b""


@dataclass(kw_only=True)
class _Calls:
    """Results of calls, made by short threads since name resolution blocks."""

    done: list[tuple[str, socket.socket | str]] = field(
        default_factory=list[tuple[str, "socket.socket | str"]]
    )
    lock: threading.Lock = field(default_factory=threading.Lock)


class Links:
    """All connections of one agent, driven by its loop."""

    def __init__(
        self,
        *,
        identity: Identity,
        peers: Mapping[str, tuple[str, int]],
        address: tuple[str, int],
        beat: float,
        selector: selectors.BaseSelector,
        wake: Callable[[], None],
        emit: Callable[[situation.Event], None],
    ) -> None:
        self._identity = identity
        self._address = address
        self._beat = beat
        self._selector = selector
        self._wake = wake
        self._emit = emit
        self._calls = {name: _Call(host=host, port=port) for name, (host, port) in peers.items()}
        self._callers: dict[str, _Caller] = {}
        self._unknown: list[_Caller] = []
        self._results = _Calls()
        self._listener: socket.socket | None = None
        self._said: Announcement | None = None
        self._next_beat = 0.0
        self.listen_error: str | None = None

    def tick(self, now: float) -> None:
        """Listens, calls who is not reached, as far as it is time for it."""
        if not self._calls:
            return
        if self._listener is None:
            self._listen()
        self._collect(now)
        for name, call in self._calls.items():
            if call.socket is None and not call.calling and now >= call.next_call:
                call.calling = True
                threading.Thread(target=self._dial, args=(name, call.host, call.port), daemon=True).start()

    def announce(self, said: Announcement, now: float) -> None:
        """Speaks to everybody reached when something has changed or a beat is due."""
        if said == self._said and now < self._next_beat:
            return
        self._said, self._next_beat = said, now + self._beat
        for name in self._calls:
            self._speak(name)

    def close(self) -> None:
        """Ends all connections; what was said last is still delivered by the kernel."""
        for call in self._calls.values():
            if call.socket is not None:
                self._drop(call.socket)
        for caller in [*self._callers.values(), *self._unknown]:
            self._drop(caller.socket)
        if self._listener is not None:
            self._drop(self._listener)

    # --- calling ---------------------------------------------------------------------------------

    def _dial(self, name: str, host: str, port: int) -> None:
        result: socket.socket | str
        try:
            result = socket.create_connection((host, port), timeout=_CONNECT)
        except socket.gaierror as error:
            result = f"the name {host} does not resolve ({error.strerror})"
        except UnicodeError:
            result = f"the name {host!r} is malformed"
        except OSError as error:
            result = f"no connection ({error.strerror or type(error).__name__})"
        with self._results.lock:
            self._results.done.append((name, result))
        self._wake()

    def _collect(self, now: float) -> None:
        with self._results.lock:
            done, self._results.done = self._results.done, []
        for name, result in done:
            call = self._calls[name]
            call.calling, call.next_call = False, now + _RECALL
            if isinstance(result, str):
                self._emit(situation.Unreachable(peer=name, why=result))
                continue
            result.setblocking(False)
            call.socket, call.unsent, call.heard = result, b"", b""
            self._selector.register(result, selectors.EVENT_READ, lambda n=name: self._hear_answer(n))
            if not call.refused:
                self._emit(situation.Unreachable(peer=name, why="reached, but it has not called back"))
            self._speak(name)

    def _speak(self, name: str) -> None:
        call = self._calls[name]
        if call.socket is None or self._said is None:
            return
        # A line that the peer has not taken is not followed by more of them: it is frozen.
        if not call.unsent:
            call.unsent = wire.encode(self._identity, self._said, to=name)
        try:
            call.unsent = call.unsent[call.socket.send(call.unsent) :]
        except BlockingIOError:
            return
        except OSError:
            self._hang_up(name, "the connection broke")

    def _hear_answer(self, name: str) -> None:
        call = self._calls[name]
        if call.socket is None:
            return
        try:
            data = call.socket.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        call.heard = (call.heard + data)[:_LINE_LIMIT]
        if b"\n" in call.heard:
            why = _refusal(call.heard)
            call.refused = True
            if why is not None and why.startswith(_MISMATCH):
                self._emit(situation.Mismatched(peer=name, what=why.removeprefix("it runs ")))
            self._hang_up(name, why or "its port answers, but not as an agent of this run")
        elif not data:
            self._hang_up(name, None if call.refused else "it closed the connection")

    def _hang_up(self, name: str, why: str | None) -> None:
        call = self._calls[name]
        if call.socket is not None:
            self._drop(call.socket)
            call.socket = None
        if why is not None:
            self._emit(situation.Unreachable(peer=name, why=why))

    # --- being called ----------------------------------------------------------------------------

    def _listen(self) -> None:
        host, port = self._address
        dual = not host and socket.has_dualstack_ipv6()
        family = socket.AF_INET6 if dual else socket.AF_INET
        try:
            # The predecessor of this agent may still hold the port: tried again at the next tick.
            listener = socket.create_server(
                (host, port), family=family, dualstack_ipv6=dual, backlog=_BACKLOG
            )
        except OSError as error:
            self.listen_error = f"cannot listen on port {port} ({os.strerror(error.errno or 0)})"
            return
        self.listen_error = None
        listener.setblocking(False)
        self._listener = listener
        self._selector.register(listener, selectors.EVENT_READ, self._accept)

    def _accept(self) -> None:
        if self._listener is None:
            return
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        connection.setblocking(False)
        caller = _Caller(socket=connection)
        self._unknown = [*self._unknown[-_BACKLOG:], caller]
        self._selector.register(connection, selectors.EVENT_READ, lambda: self._hear(caller))

    def _hear(self, caller: _Caller) -> None:
        try:
            data = caller.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        *lines, caller.unread = (caller.unread + data).split(b"\n")
        for line in lines:
            if not self._take(caller, line):
                self._forget(caller)
                return
        if not data or len(caller.unread) > _LINE_LIMIT:
            self._forget(caller)

    def _take(self, caller: _Caller, line: bytes) -> bool:
        try:
            identity, said, to = wire.decode(line)
        except ValueError:
            return False
        refusal = self._check(identity, to)
        if refusal is not None:
            with contextlib.suppress(OSError):
                caller.socket.send(json.dumps({"refused": refusal}).encode() + b"\n")
            return False
        self._recognise(caller, identity.name)
        self._calls[identity.name].refused = False
        self._emit(situation.Heard(peer=identity.name, announcement=said))
        return True

    def _check(self, identity: Identity, to: str) -> str | None:
        own = self._identity
        if identity.run_id != own.run_id:
            return f"it belongs to the run {own.run_id!r}, this replica to {identity.run_id!r}"
        if to != own.name:
            return f"it is {own.name}"
        if identity.name not in self._calls:
            return f"it knows no {identity.name}"
        if identity.code != own.code:
            what = f"another config or version ({identity.code}) than {own.name} ({own.code})"
            self._emit(situation.Mismatched(peer=identity.name, what=what))
            return f"{_MISMATCH} ({own.code}) than this replica ({identity.code})"
        return None

    def _recognise(self, caller: _Caller, name: str) -> None:
        known = self._callers.get(name)
        if known is caller:
            return
        caller.peer = name
        self._callers[name] = caller
        self._unknown = [c for c in self._unknown if c is not caller]
        if known is not None:
            self._drop(known.socket)

    def _forget(self, caller: _Caller) -> None:
        self._drop(caller.socket)
        self._unknown = [c for c in self._unknown if c is not caller]
        if caller.peer is not None and self._callers.get(caller.peer) is caller:
            del self._callers[caller.peer]
            self._emit(situation.Lost(peer=caller.peer))

    def _drop(self, connection: socket.socket) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(connection)
        connection.close()


def _refusal(data: bytes) -> str | None:
    try:
        return str(json.loads(data.partition(b"\n")[0])["refused"])
    except (ValueError, KeyError, TypeError):
        return None
