"""The agent's one thread: waits for sockets, pipes, signals and time, asks `decision`, and acts.

Owns the order of things and nothing else: what is decided stands in `decision`, how it is done in `links`,
`trainers`, `metrics` and `count_file`.
"""

from __future__ import annotations

import collections
import contextlib
import os
import selectors
import signal
import sys
import time
from dataclasses import replace
from typing import assert_never

from tfjob_kit import contract
from tfjob_kit.runtime import leash
from tfjob_kit.runtime.agent import children, count_file
from tfjob_kit.runtime.agent.announcement import Phase
from tfjob_kit.runtime.agent.decision import advance, situation
from tfjob_kit.runtime.agent.links import Links
from tfjob_kit.runtime.agent.metrics import Metrics, serve_metrics
from tfjob_kit.runtime.agent.settings import AgentSettings
from tfjob_kit.runtime.agent.trainers import Trainers

__all__ = ["run_agent", "say", "write_termination"]

_TICK = 0.1
_FAREWELL = 0.05
"""Seconds for the last lines to leave this machine before its sockets close."""


def run_agent(settings: AgentSettings) -> int:
    """Keeps this replica going until its end; the exit code.

    To be called from the main thread: signals come there, and children watch it.
    """
    leash.adopt_orphans()
    return _Agent(settings).run()


def say(text: str) -> None:
    """One line of the agent in the replica's log."""
    # The reader of the log may be gone; training goes on.
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(f"[agent] {text}\n")
        sys.stdout.flush()


def write_termination(path: os.PathLike[str], termination: contract.Termination) -> None:
    """Writes the termination message; a place that cannot be written is said, not fatal."""
    try:
        with open(path, "w") as file:
            file.write(termination.to_json())
    except OSError as error:
        say(f"cannot write the termination message to {os.fspath(path)}: {error.strerror}")


class _Agent:
    def __init__(self, settings: AgentSettings) -> None:
        self._settings = settings
        self._selector = selectors.DefaultSelector()
        self._events: collections.deque[situation.Event] = collections.deque()
        self._woken, self._wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._mentioned: str | None = None
        self._ended: contract.Termination | None = None
        self._metrics: Metrics | None = None
        self._trainers = Trainers(
            settings.trainers, selector=self._selector, emit=self._events.append, say=say
        )
        self._links = Links(
            identity=settings.identity,
            peers=settings.peers,
            address=(settings.host, settings.port),
            beat=settings.beat,
            selector=self._selector,
            wake=self._wake_up,
            emit=self._events.append,
        )
        self._situation = _first_situation(settings)

    def run(self) -> int:
        self._catch_signals()
        self._selector.register(self._woken, selectors.EVENT_READ, self._drain)
        self._serve_metrics()
        self._trainers.warm_up()
        termination = None
        while termination is None:
            self._turn()
            termination = self._ended
        return self._leave(termination)

    def _turn(self) -> None:
        for key, _ in self._selector.select(_TICK):
            key.data()
        ended = children.reap()
        if ended:
            self._trainers.reaped(ended)
        self._trainers.check()
        self._links.tick(time.monotonic())
        self._mention_port()
        self._events.append(situation.Tick())
        while self._events and self._ended is None:
            self._decide(self._events.popleft())
        self._links.announce(self._situation.announcement(), time.monotonic())

    def _mention_port(self) -> None:
        trouble = self._links.listen_error
        if trouble is not None and trouble != self._mentioned:
            say(f"{trouble}; trying again")
        self._mentioned = trouble

    def _decide(self, event: situation.Event) -> None:
        now = time.monotonic()
        turn = advance(self._situation, event, now=now)
        self._situation = turn.situation
        if self._metrics is not None:
            self._metrics.seen(self._situation, now=now)
            if isinstance(event, situation.Reported):
                self._metrics.reported(event.report)
        for action in turn.actions:
            self._do(action)

    def _do(self, action: situation.Action) -> None:
        match action:
            case situation.StartTrainer():
                self._trainers.start(action.attempt)
            case situation.AskTrainerToStop():
                self._trainers.ask_to_stop()
            case situation.KillTrainer():
                self._trainers.kill()
            case situation.Say():
                say(action.text)
            case situation.KeepCount():
                self._keep_count(action)
            case situation.Leave():
                self._ended = action.termination
            case _:
                assert_never(action)

    def _keep_count(self, action: situation.KeepCount) -> None:
        given = action.in_a_row
        count = None if given is None else count_file.Count(restarts=given, cause=action.cause)
        try:
            count_file.write_count(self._settings.count_file, count, run_id=self._settings.identity.run_id)
        except OSError as error:
            say(
                f"cannot write {self._settings.count_file}: {error.strerror}; restarts count in this pod only"
            )

    def _leave(self, termination: contract.Termination) -> int:
        write_termination(self._settings.termination_log, termination)
        say(_last_words(termination))
        phase = self._situation.phase
        if phase not in (Phase.done, Phase.failed, Phase.stopping):
            self._situation = replace(self._situation, phase=Phase.leaving)
        self._links.announce(self._situation.announcement(), time.monotonic())
        if self._settings.peers:
            time.sleep(_FAREWELL)
        self._trainers.close()
        self._links.close()
        return termination.exit_code

    # --- signals and wake-ups --------------------------------------------------------------------

    def _catch_signals(self) -> None:
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._asked_to_stop)
        # PID 1 has no default actions; a child's end must wake the loop.
        signal.signal(signal.SIGCHLD, _do_nothing)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def _asked_to_stop(self, _number: int, _frame: object) -> None:
        self._events.append(situation.StopAsked())

    def _wake_up(self) -> None:
        with contextlib.suppress(BlockingIOError, OSError):
            os.write(self._wake, b"\0")

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._woken, 4096)

    def _serve_metrics(self) -> None:
        port = self._settings.metrics_port
        if port is None:
            return
        served = serve_metrics(self._settings.host, port)
        if isinstance(served, str):
            say(f"no /metrics: {served}")
        else:
            self._metrics = served


def _do_nothing(_number: int, _frame: object) -> None:
    """The wake-up descriptor has told the loop already."""


def _first_situation(settings: AgentSettings) -> situation.Situation:
    now = time.monotonic()
    identity = settings.identity
    count = count_file.read_count(settings.count_file, run_id=identity.run_id)
    return situation.Situation(
        name=identity.name,
        chief=settings.chief,
        incarnation=identity.incarnation,
        limits=settings.limits,
        peers={
            name: situation.Peer(address=f"{host}:{port}") for name, (host, port) in settings.peers.items()
        },
        since=now,
        named=now,
        ticked=now,
        in_a_row=count.restarts,
        cause=count.cause,
    )


def _last_words(termination: contract.Termination) -> str:
    at = f" at step {termination.step}" if termination.step is not None else ""
    why = f": {termination.error}" if termination.error else ""
    return f"{termination.status}{at}, exit code {termination.exit_code}{why}"
