"""Starting, hearing and ending trainers, one at a time.

Owns the choice between the warm way (a fork of the zygote) and the cold one (a process of its own), the
report pipe, and whether an end was the kernel's for want of memory. Must not decide when a trainer starts
or why: it answers StartTrainer, AskTrainerToStop and KillTrainer with Reported and Ended.
"""

from __future__ import annotations

import os
import selectors
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tfjob_kit import contract
from tfjob_kit.runtime import reports
from tfjob_kit.runtime.agent import cgroup_memory, children
from tfjob_kit.runtime.agent.decision import situation
from tfjob_kit.runtime.agent.settings import REPORT_FD, TrainerCommands
from tfjob_kit.runtime.agent.zygote_link import ZygoteLink

__all__ = ["Trainers"]

_KILLED = 128 + signal.SIGKILL
_ZYGOTES = 3
"""Zygotes that may die by themselves before trainers are started the cold way for good."""
_INSTALL = "install the runtime's own dependencies: `pip install 'tfjob-kit[train]'`"


@dataclass(kw_only=True)
class _Running:
    """The present trainer; `pid` is 0 until it is started."""

    attempt: int
    read_end: int
    write_end: int | None
    warm: bool
    oom_kills: int | None
    pid: int = 0
    forking: bool = False
    kill_asked: bool = False
    unread: bytes = b""


class Trainers:
    """The trainers of one agent."""

    def __init__(
        self,
        commands: TrainerCommands,
        *,
        selector: selectors.BaseSelector,
        emit: Callable[[situation.Event], None],
        say: Callable[[str], None],
    ) -> None:
        self._commands = commands
        self._selector = selector
        self._emit = emit
        self._say = say
        self._zygote: ZygoteLink | None = None
        self._zygotes = 0
        self._running: _Running | None = None
        self._cgroup = cgroup_memory.find_cgroup()

    def warm_up(self) -> None:
        """Starts the zygote, unless trainers are started the cold way."""
        if self._commands.zygote is None or self._zygote is not None or self._zygotes >= _ZYGOTES:
            return
        self._zygotes += 1
        try:
            self._zygote = ZygoteLink(
                self._commands.zygote,
                environ=self._commands.environ,
                target=REPORT_FD,
                selector=self._selector,
                take=self._zygote_said,
            )
        except OSError as error:
            self._say(f"the warm process cannot be started ({error.strerror}); trainers start cold")

    def start(self, attempt: int) -> None:
        """Starts a trainer, warm where that is possible."""
        read_end, write_end = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(read_end, False)
        self.warm_up()
        self._running = _Running(
            attempt=attempt,
            read_end=read_end,
            write_end=write_end,
            warm=self._zygote is not None,
            oom_kills=cgroup_memory.oom_kills(self._cgroup),
        )
        self._selector.register(read_end, selectors.EVENT_READ, self._read_reports)
        if self._zygote is None:
            self._start_cold()
        elif self._zygote.unable is not None:
            self._cannot_import(self._zygote.unable)
        elif self._zygote.warm:
            self._fork(self._zygote)

    def ask_to_stop(self) -> None:
        """SIGTERM to the trainer."""
        if self._running is not None and self._running.pid:
            children.send_signal(self._running.pid, signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL to the trainer; one that is not there yet is not started."""
        running = self._running
        if running is None:
            return
        running.kill_asked = True
        if running.pid:
            children.send_signal(running.pid, signal.SIGKILL)
        elif not running.forking:
            self._end(_KILLED)

    def reaped(self, ended: dict[int, int]) -> None:
        """Children of this process have ended."""
        if self._zygote is not None and self._zygote.pid in ended:
            self._zygote.close()
            self._lose_zygote()
        if self._running is not None and self._running.pid in ended:
            self._end(children.exit_code(ended[self._running.pid]))

    def check(self) -> None:
        """Finds the end of a trainer whose zygote died before it could tell."""
        running = self._running
        if running is None or not running.pid or not running.warm or self._zygote is not None:
            return
        if not children.send_signal(running.pid, signal.SIGKILL):
            self._end(_KILLED)

    def close(self) -> None:
        """Ends everything that was started."""
        self.kill()
        if self._zygote is not None:
            self._zygote.close()

    # --- the two ways ----------------------------------------------------------------------------

    def _start_cold(self) -> None:
        running = self._running
        if running is None or running.write_end is None:
            return
        running.warm = False
        command = (*self._commands.cold, "--attempt", str(running.attempt))
        try:
            running.pid = children.spawn(
                command, environ=self._commands.environ, descriptor=running.write_end, target=REPORT_FD
            )
        except OSError as error:
            self._say(f"the trainer cannot be started: {error.strerror}")
            self._end(_KILLED)
            return
        self._close_write_end(running)

    def _fork(self, zygote: ZygoteLink) -> None:
        running = self._running
        if running is None or running.write_end is None:
            return
        running.forking = True
        if zygote.fork(attempt=running.attempt, report_end=running.write_end):
            return
        self._fall_back("the warm process is gone")

    def _fall_back(self, why: str) -> None:
        running = self._running
        if running is None:
            return
        running.forking = False
        if running.kill_asked:
            self._end(_KILLED)
            return
        self._say(f"{why}; the trainer starts cold")
        self._start_cold()

    def _zygote_said(self, message: dict[str, Any]) -> None:
        match next(iter(message)):
            case "warm":
                self._zygote_is_warm(message["warm"])
            case "unable":
                if self._running is not None:
                    self._cannot_import(message["unable"])
            case "started":
                self._started(message["started"]["pid"])
            case "refused":
                self._fall_back(message["refused"])
            case "ended":
                if self._running is not None and self._running.pid == message["ended"]["pid"]:
                    self._end(children.exit_code(message["ended"]["status"]))
            case _:
                self._lose_zygote()

    def _zygote_is_warm(self, what: dict[str, Any]) -> None:
        self._say(f"TensorFlow imported in {what['seconds']:.1f} s")
        if self._zygote is not None and self._running is not None and not self._running.pid:
            self._fork(self._zygote)

    def _started(self, pid: int) -> None:
        running = self._running
        if running is None:
            children.send_signal(pid, signal.SIGKILL)
            return
        running.pid, running.forking = pid, False
        self._close_write_end(running)
        if running.kill_asked:
            children.send_signal(pid, signal.SIGKILL)

    def _lose_zygote(self) -> None:
        if self._zygote is None:
            return
        unable, self._zygote = self._zygote.unable, None
        running = self._running
        if unable is not None or running is None:
            return
        if running.warm and not running.pid:
            self._fall_back("the warm process has ended")

    def _cannot_import(self, why: str) -> None:
        missing = "ModuleNotFoundError" in why
        failed = reports.Failed(
            exit_code=contract.ReplicaExit.ERROR,
            error=why,
            where="import",
            hint=_INSTALL if missing else None,
        )
        self._emit(situation.Reported(report=failed))
        self._end(int(contract.ReplicaExit.ERROR))

    # --- reports and the end -----------------------------------------------------------------------

    def _read_reports(self) -> None:
        running = self._running
        if running is None:
            return
        while True:
            try:
                data = os.read(running.read_end, 65536)
            except BlockingIOError:
                return
            if not data:
                self._unregister(running.read_end)
                return
            *lines, running.unread = (running.unread + data).split(b"\n")
            for line in lines:
                self._report(line)

    def _report(self, line: bytes) -> None:
        try:
            report = reports.decode(line)
        except (ValueError, KeyError, TypeError):
            self._say(f"the trainer reports what this agent does not know: {line[:80]!r}")
            return
        self._emit(situation.Reported(report=report))

    def _end(self, code: int) -> None:
        running = self._running
        if running is None:
            return
        self._read_reports()
        self._running = None
        self._unregister(running.read_end)
        os.close(running.read_end)
        self._close_write_end(running)
        self._emit(situation.Ended(code=code, out_of_memory=self._out_of_memory(running, code)))

    def _out_of_memory(self, running: _Running, code: int) -> str | None:
        now = cgroup_memory.oom_kills(self._cgroup)
        if code != _KILLED or running.kill_asked or running.oom_kills is None or now is None:
            return None
        if now <= running.oom_kills:
            return None
        return f"the kernel killed the trainer ({cgroup_memory.describe_memory(self._cgroup)})"

    def _close_write_end(self, running: _Running) -> None:
        if running.write_end is not None:
            os.close(running.write_end)
            running.write_end = None

    def _unregister(self, descriptor: int) -> None:
        if descriptor in self._selector.get_map():
            self._selector.unregister(descriptor)
