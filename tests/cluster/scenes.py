"""What every scenario needs: a job on the real operator, somebody who follows it, and its view made plain.

A view is plain when all that differs from run to run (times, uids, nodes) has one value, so that it can be
compared whole. What following tells comes over several streams (job, pods, lines) whose order among each
other is no promise: it is compared stream by stream.
"""

from __future__ import annotations

import copy
import dataclasses
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.api import wait_until
from harness.drive import Drive, with_pod_annotations

from tfjob_kit.cluster import port
from tfjob_kit.jobs import follow, read_job
from tfjob_kit.jobs.events import Event, Finished, LogLine, Notice, Progress, ReplicaChanged, StateChanged
from tfjob_kit.jobs.replica_view import ContainerEnd, Deletion, ReplicaView
from tfjob_kit.jobs.view import JobView

DEADLINE_SECONDS = 60
TIME, NODE, RUN, UID = "2026-01-01T00:00:00Z", "node", "run", "uid"
_UNSTEADY = {None, "ContainerCreating", "PodInitializing"}
"""Reasons of a Pending pod that a watch may or may not see."""


def make_job(
    name: str = "job",
    *,
    roles: Mapping[str, int] | None = None,
    policy: str = "ExitCode",
    gpus: int = 1,
    command: tuple[str, ...] = ("python", "-m", "tfjob_kit.runtime"),
    pod: Mapping[str, Any] | None = None,
    annotations: Mapping[str, str] | None = None,
    **run_policy: Any,
) -> port.Object:
    """A TFJob as the kit makes them, as far as following and judging read it."""
    container = {
        "name": "tensorflow",
        "image": "registry.example/train:1",
        "command": list(command),
        "resources": {"limits": {"cpu": "100m", "memory": "64Mi", "nvidia.com/gpu": str(gpus)}},
    }
    roles = {"Chief": 1, "Worker": 1} if roles is None else roles
    job: port.Object = {
        "apiVersion": "kubeflow.org/v1",
        "kind": "TFJob",
        "metadata": {"name": name, "annotations": {port.SUBMISSION_ANNOTATION: f"test-{name}"}},
        "spec": {
            "runPolicy": {"cleanPodPolicy": "None", **run_policy},
            "tfReplicaSpecs": {
                role: {
                    "replicas": count,
                    "restartPolicy": policy,
                    "template": {"spec": {"containers": [copy.deepcopy(container)], **(pod or {})}},
                }
                for role, count in roles.items()
            },
        },
    }
    return with_pod_annotations(job, annotations) if annotations else job


@dataclass(frozen=True, kw_only=True)
class Told:
    """What was told, stream by stream.

    Attributes:
        replicas: By name: (state, exit code, restarts) of each change but those of a pod that is being made.
    """

    states: list[str]
    replicas: dict[str, list[tuple[str, int | None, int]]]
    lines: dict[str, list[str]] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    finished: Finished | None = None


class Scene:
    """One job: made, followed, driven."""

    def __init__(self, cluster: port.Cluster, drive: Drive) -> None:
        self.cluster, self.drive = cluster, drive
        self.events: list[Event] = []
        self.error: Exception | None = None
        self.ref = port.JobRef(namespace=drive.namespace, name="job")
        self._stop = threading.Event()
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None

    def begin(self, job: port.Object, **options: Any) -> None:
        """Creates the job and begins to follow it."""
        self.ref = port.JobRef(namespace=self.drive.namespace, name=job["metadata"]["name"])
        self.cluster.create(job)
        self.follow(**options)

    def follow(self, **options: Any) -> None:
        """Begins to follow."""
        options = {"patience": 2.0, "settle": 1.0, **options}
        self._thread = threading.Thread(target=self._run, kwargs=options, daemon=True)
        self._thread.start()

    def until(self, holds: Callable[[list[Event]], bool]) -> None:
        """Waits until this holds of all that was told so far."""
        with self._news:
            seen = self._news.wait_for(lambda: self.error or holds(self.events), timeout=DEADLINE_SECONDS)
        assert seen, self.events
        assert self.error is None, self.error

    def until_state(self, state: str) -> None:
        """Waits until that state of the job was told."""
        self.until(lambda events: any(isinstance(e, StateChanged) and e.state == state for e in events))

    def until_notice(self, text: str) -> None:
        """Waits for a notice that has this text in it."""
        self.until(lambda events: any(isinstance(e, Notice) and text in e.text for e in events))

    def until_replica(self, name: str, state: str) -> None:
        """Waits until that state of the replica was told last."""
        self.until(lambda events: _last_state(events, name) == state)

    def end(self) -> Told:
        """All that was told, once the stream has ended."""
        assert self._thread is not None
        self._thread.join(DEADLINE_SECONDS)
        assert not self._thread.is_alive(), self.events
        assert self.error is None, self.error
        return told(self.events)

    def until_made_anew(self, name: str, first: str) -> None:
        """Waits until the operator has done with making this held pod anew.

        While its cache lags it deletes the new pod as well, for it has the name of the old one; had that
        begun to run, the job would fail.
        """
        seen: list[str] = []

        def is_steady(_: object) -> bool:
            seen[:] = [*seen, *(p["metadata"]["uid"] for p in self.drive.pods("job") if _named(p, name))][
                -20:
            ]
            return 20 == len(seen) and {seen[0]} == set(seen) != {first}

        wait_until(lambda: None, is_steady, what=f"{name} made anew")

    def view(self) -> JobView:
        """The job as `status` reads it, made plain."""
        return plain(read_job(self.cluster, self.ref))

    def close(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(DEADLINE_SECONDS)

    def _run(self, **options: Any) -> None:
        try:
            for event in follow(self.cluster, self.ref, stop=self._stop, **options):
                with self._news:
                    self.events.append(event)
                    self._news.notify_all()
        except Exception as error:
            with self._news:
                self.error = error
                self._news.notify_all()


def told(events: list[Event]) -> Told:
    """The events by stream; states that a watch may skip are left out."""
    finished = [e for e in events if isinstance(e, Finished)]
    assert finished == events[-1:], "Finished is the last event and the only one"
    replicas: dict[str, list[tuple[str, int | None, int]]] = {}
    lines: dict[str, list[str]] = {}
    for event in events:
        if isinstance(event, ReplicaChanged) and not (event.state == "Pending" and event.reason in _UNSTEADY):
            change = (event.state, event.exit_code, event.restarts)
            if replicas.setdefault(event.replica, [])[-1:] != [change]:
                replicas[event.replica].append(change)
        elif isinstance(event, LogLine):
            lines.setdefault(event.replica, []).append(event.text)
    # A node may still be full of an earlier test's pods when this one's are made.
    for name, changes in replicas.items():
        if len(changes) > 1 and changes[0][0] == "Pending":
            replicas[name] = changes[1:]
    return Told(
        states=[
            e.state for e in events if isinstance(e, StateChanged) and e.state not in {"Pending", "Created"}
        ],
        replicas=dict(sorted(replicas.items())),
        lines=dict(sorted(lines.items())),
        notices=[e.text for e in events if isinstance(e, Notice)],
        steps=[e.values["step"] for e in events if isinstance(e, Progress)],
        finished=finished[0],
    )


def plain(view: JobView) -> JobView:
    """The view without its events, and with one value for all that differs from run to run."""
    return dataclasses.replace(
        view,
        uid=UID,
        replicas=tuple(_plain_replica(replica) for replica in view.replicas),
        events=(),
        created=TIME,
        started=view.started and TIME,
        finished=view.finished and TIME,
    )


def expected_view(ref: port.JobRef, *, replicas: tuple[ReplicaView, ...], **fields: Any) -> JobView:
    """A plain view of `make_job()`; what is not given is as in a job that runs."""
    usual: dict[str, Any] = {
        "uid": UID,
        "state": "Running",
        "progress": {},
        "created": TIME,
        "started": TIME,
        "gpus": len(replicas),
        "restart_policy": "ExitCode",
        "is_runtime": True,
        "memory": "64Mi",
        **_condition(ref, str(fields.get("state", "Running"))),
    }
    return JobView(ref=ref, replicas=replicas, **{**usual, **fields})


def expected_replica(ref: port.JobRef, name: str, state: str = "Running", **fields: Any) -> ReplicaView:
    """A plain replica that has run."""
    role, _, index = name.rpartition("-")
    usual = {"run": RUN, "node": NODE, "gpus": 1, "started": TIME}
    pod = port.PodRef(job=ref, role=role, index=int(index))
    return ReplicaView(name=name, pod=pod, state=state, **{**usual, **fields})


def ended(code: int, *, reason: str | None = None, message: str | None = None, **more: Any) -> ContainerEnd:
    """A plain end of a container."""
    why = reason or ("Error" if code else "Completed")
    return ContainerEnd(
        exit_code=code, reason=why, message=message, time=TIME, **{"termination": None, **more}
    )


def has_ended(code: int, **fields: Any) -> dict[str, Any]:
    """Fields of a replica whose container has ended."""
    end = ended(code, **fields)
    return {"state": "Failed" if code else "Succeeded", "end": end, "reason": end.reason}


def _condition(ref: port.JobRef, state: str) -> dict[str, Any]:
    where = f"{ref.namespace}/{ref.name}"
    messages = {
        "Created": f"TFJob {ref.name} is created.",
        "Running": f"TFJob {where} is running.",
        "Succeeded": f"TFJob {where} successfully completed.",
        "Suspended": f"TFJob {ref.name} is suspended.",
    }
    messages["Created"] = f"TFJob {ref.name} is created."
    found: dict[str, Any] = {"reason": f"TFJob{state}", "message": messages.get(state)}
    return found | ({"finished": TIME} if state in {"Succeeded", "Failed"} else {})


def _plain_replica(replica: ReplicaView) -> ReplicaView:
    return dataclasses.replace(
        replica,
        recreated=min(replica.recreated, 1),
        node=replica.node and NODE,
        run=replica.run and RUN,
        started=replica.started and TIME,
        end=_plain_end(replica.end),
        last_end=_plain_end(replica.last_end),
        deletion=_plain_deletion(replica.deletion),
    )


def _plain_end(end: ContainerEnd | None) -> ContainerEnd | None:
    return end and dataclasses.replace(end, time=end.time and TIME, message=end.message or None)


def _plain_deletion(deletion: Deletion | None) -> Deletion | None:
    return deletion and dataclasses.replace(deletion, time=deletion.time and TIME)


def _last_state(events: list[Event], name: str) -> str | None:
    states = [e.state for e in events if isinstance(e, ReplicaChanged) and e.replica == name]
    return states[-1] if states else None


def _named(pod: Mapping[str, Any], name: str) -> bool:
    return pod["metadata"]["name"] == name
