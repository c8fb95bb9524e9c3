"""One pod and the process that it is on this machine.

Owns start, output, end, restart in place and stop of one container. It follows the kubelet's rules by
`rules.kubelet`; it must not know the job: what a pod's end means is the operator's rules' to say.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tfjob_kit import contract
from tfjob_kit.cluster.local.processes import oom, process_tree
from tfjob_kit.cluster.local.processes.shim import Command, Shim, start_shim
from tfjob_kit.cluster.local.store import clock, logs
from tfjob_kit.cluster.port import Object
from tfjob_kit.cluster.rules import kubelet

__all__ = ["Replica"]

_CHUNK = 1 << 16
_CHUNKS_PER_TURN = 16
_DEFAULT_GRACE = 30
_KILLED = int(signal.SIGKILL)
_START_ERROR = 128
"""Exit code of a container whose command cannot start."""
_FIRST_DELAY, _LONGEST_DELAY = 1.0, 30.0
"""Back-off of restarts in place, in seconds. The kubelet begins at 10 and doubles up to 300; it spares a
cluster from crowds of crashing containers, which one machine has not."""


class Replica:
    """A pod that runs here.

    Attributes:
        pod: The pod as it is now.
        shim: Its process; None before the start and after the end.
        session: Session of the command; what a dead shim leaves behind is found by it.
        wake_at: Monotonic time at which `tick` has something to do.
        is_gone: The pod was deleted and nothing of it runs.
    """

    def __init__(self, pod: Object, *, log_dir: Path, termination_log: Path) -> None:
        self.pod: Object = kubelet.pending(pod, reason="ContainerCreating")
        self.command: Command | None = None
        self.shim: Shim | None = None
        self.session: int | None = None
        self.wake_at: float | None = None
        self.is_gone = False
        self.lost_lines = 0
        self._log_dir = log_dir
        self._termination_log = termination_log
        self._log: logs.LogWriter | None = None
        self._reports = b""
        self._output_open = False
        self._started = ""
        self._started_at = 0.0
        self._end: tuple[int, str] | None = None
        self._oom_kills = 0

    @property
    def name(self) -> str:
        """The pod's name."""
        return self.pod["metadata"]["name"]

    @property
    def is_running(self) -> bool:
        """Whether a process is there."""
        return self.shim is not None

    @property
    def is_deleted(self) -> bool:
        """Whether the pod is to go."""
        return "deletionTimestamp" in self.pod["metadata"]

    def descriptors(self) -> list[int]:
        """What is to be listened to."""
        if self.shim is None:
            return []
        return [self.shim.reports, *([self.shim.output] if self._output_open else [])]

    def fail_to_start(self, message: str) -> None:
        """The container cannot even be prepared: it ends as one whose command cannot start."""
        self._started = clock.to_text(clock.now())
        self._finish(_START_ERROR, reason="StartError", message=message)

    def start(self, command: Command) -> None:
        """Starts the container, the first time or again."""
        self.command = command
        self._started, self._started_at = clock.to_text(clock.now()), time.monotonic()
        self.wake_at, self._end, self.session, self._reports = None, None, None, b""
        self._oom_kills = oom.oom_kills()
        try:
            self._termination_log.parent.mkdir(parents=True, exist_ok=True)
            self._termination_log.write_bytes(b"")
            self._log = logs.LogWriter(self._log_dir)
            self.shim, self._output_open = start_shim(command), True
        except OSError as error:
            self._finish(_START_ERROR, reason="StartError", message=f"{error}")

    def stop(self) -> None:
        """Deletes the pod: SIGTERM, the grace period, SIGKILL of the whole tree."""
        if self.is_deleted:
            return
        grace = int(self.pod["spec"].get("terminationGracePeriodSeconds", _DEFAULT_GRACE))
        meta = {
            **self.pod["metadata"],
            "deletionTimestamp": clock.to_text(clock.now()),
            "deletionGracePeriodSeconds": grace,
        }
        self.pod = {**self.pod, "metadata": meta}
        if self.shim is None:
            self.is_gone = True
            return
        self.wake_at = time.monotonic() + grace
        self.shim.send(signal.SIGTERM if grace > 0 else signal.SIGUSR1)

    def tick(self, moment: float) -> None:
        """Does what is due: the kill after the grace period, the restart in place."""
        if self.wake_at is None or moment < self.wake_at:
            return
        self.wake_at = None
        if self.shim is not None:
            self.shim.send(signal.SIGUSR1)
            return
        if self.command is not None and not self.is_deleted:
            self.start(self.command)

    def read_output(self, close: Callable[[int], None]) -> None:
        """Moves output into the log; `close` is called with a descriptor that is at its end."""
        if self.shim is None or self._log is None or not self._output_open:
            return
        for _ in range(_CHUNKS_PER_TURN):
            try:
                data = os.read(self.shim.output, _CHUNK)
            except BlockingIOError:
                return
            if not data:
                self._output_open = False
                close(self.shim.output)
                return
            self._log.feed(data)

    def read_reports(self, close: Callable[[int], None]) -> bool:
        """Takes the shim's reports; True when the pod changed."""
        if self.shim is None:
            return False
        try:
            data = os.read(self.shim.reports, _CHUNK)
        except BlockingIOError:
            return False
        if not data:
            self._shim_ended(close)
            return True
        *lines, self._reports = (self._reports + data).split(b"\n")
        return bool([line for line in lines if self._take(json.loads(line))])

    def _take(self, report: dict[str, Any]) -> bool:
        if "pid" in report:
            self.session = int(report["pid"])
            self.pod = kubelet.began(self.pod, started=self._started)
            return True
        if "error" in report:
            self._end = (_START_ERROR, str(report["error"]))
        else:
            self._end = (int(report["status"]), "")
        return False

    def _shim_ended(self, close: Callable[[int], None]) -> None:
        shim, end = self.shim, self._end
        assert shim is not None
        if end is None:
            self._kill_remains()
        if self._output_open:
            self._drain(shim)
            close(shim.output)
        close(shim.reports)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(shim.pid, 0)
        self.shim = None
        if end is not None and end[1]:
            self._finish(end[0], reason="StartError", message=end[1])
            return
        status = _KILLED if end is None else end[0]
        code = _exit_code(status)
        self._finish(code, reason=self._reason(code), message=self._message(code))

    def _kill_remains(self) -> None:
        # The shim was killed: its orphans are children of the keeper now, found by session and marker.
        uid, _, pod = (self.command.environ[process_tree.MARKER_ENV] if self.command else "/").partition("/")
        sessions = [self.session] if self.session else []
        process_tree.kill_all(lambda: process_tree.marked(uid, pod=pod, sessions=sessions))

    def _drain(self, shim: Shim) -> None:
        while self._log is not None:
            try:
                data = os.read(shim.output, _CHUNK)
            except OSError:
                return
            if not data:
                return
            self._log.feed(data)

    def _finish(self, code: int, *, reason: str, message: str) -> None:
        if self._log is not None:
            self._log.close()
            self.lost_lines, self._log = self.lost_lines + self._log.lost, None
        run = kubelet.Ended(
            exit_code=code,
            reason=reason,
            message=message,
            started=self._started,
            finished=clock.to_text(clock.now()),
        )
        again = kubelet.will_restart(self.pod, code)
        self.wake_at = self._next_start() if again else None
        self.pod = kubelet.ended(self.pod, run, again=again)
        self.is_gone = self.is_deleted

    def _next_start(self) -> float:
        moment = time.monotonic()
        return moment + kubelet.back_off(
            kubelet.restarts(self.pod),
            ran_seconds=moment - self._started_at,
            first_seconds=_FIRST_DELAY,
            longest_seconds=_LONGEST_DELAY,
        )

    def _reason(self, code: int) -> str:
        if code == 0:
            return "Completed"
        killed_by_kernel = code == 128 + _KILLED and oom.oom_kills() > self._oom_kills
        return "OOMKilled" if killed_by_kernel else "Error"

    def _message(self, code: int) -> str:
        limit = contract.TERMINATION_LIMIT_BYTES
        try:
            with self._termination_log.open("rb") as file:
                text = file.read(limit).decode("utf-8", errors="replace")
        except OSError:
            text = ""
        policy = self.pod["spec"]["containers"][0].get("terminationMessagePolicy")
        if text or code == 0 or policy != "FallbackToLogsOnError":
            return text
        return "\n".join(logs.last_lines(self._log_dir, count=80))[-2048:]


def _exit_code(wait_status: int) -> int:
    """Exit code as container runtimes report it: 128 + n for signal n."""
    code = os.waitstatus_to_exitcode(wait_status)
    return 128 - code if code < 0 else code
