"""The one door to the outside: what every engine can do, in the shapes of the Kubernetes API.

Owns the protocol and its identities. Objects are plain dicts as an API server returns them: TFJobs
(`kubeflow.org/v1`), Pods and Events (`v1`). Engines raise our errors only. Must not know any engine.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

Object = dict[str, Any]
"""A Kubernetes object as plain JSON data."""

JOB_NAME_LABEL = "training.kubeflow.org/job-name"
REPLICA_TYPE_LABEL = "training.kubeflow.org/replica-type"
REPLICA_INDEX_LABEL = "training.kubeflow.org/replica-index"
JOB_ROLE_LABEL = "training.kubeflow.org/job-role"
OPERATOR_NAME_LABEL = "training.kubeflow.org/operator-name"

CONFIG_HASH_LABEL = "tfjob-kit/config-hash"
"""Of the TFJob and its pods: which resolved config it runs."""
SUBMISSION_ANNOTATION = "tfjob-kit/submission"
"""Random id of one submission: a create that is repeated after a lost answer finds its own job by it."""
ATTEMPT_ANNOTATION = "tfjob-kit/attempt"
"""Number of the attempt, from 2 on; the first has none."""
RETRY_OF_ANNOTATION = "tfjob-kit/retry-of"
"""Name of the job that this one goes on from."""
CODE_HASH_ANNOTATION = "tfjob-kit/code-sha256"
"""Of the TFJob: which code travels with it; only with `code=bundle`."""
INCOMPLETE_ANNOTATION = "tfjob-kit/incomplete"
"""On a TFJob whose companions are not all there: its launcher is at it, or was killed."""
QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
"""Kueue LocalQueue, which suspends and resumes the job."""


@dataclass(frozen=True, kw_only=True, order=True)
class JobRef:
    """A TFJob by namespace and name."""

    namespace: str
    name: str


@dataclass(frozen=True, kw_only=True, order=True)
class PodRef:
    """One replica's pod. The operator names it `<job>-<role>-<index>`.

    Attributes:
        role: Lower case, as the pod's label has it: chief, worker, evaluator, ps.
    """

    job: JobRef
    role: str
    index: int

    @property
    def name(self) -> str:
        """The pod's name."""
        return f"{self.job.name}-{self.role}-{self.index}"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One step of a watch.

    Attributes:
        type: BOOKMARK says that everything known when the watch began has been yielded as ADDED.
        object: The object as it is now; for DELETED as it was last; of BOOKMARK empty, or `{"withheld":
            ["events"]}`: what the caller may not read, and will not be told of.
    """

    type: Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]
    kind: Literal["TFJob", "Pod", "Event", ""]
    object: Object


@dataclass(frozen=True, kw_only=True)
class LogEntry:
    """One line of a container's output.

    Attributes:
        time: RFC 3339 with a fraction of up to nine digits, UTC, when the engine read the line.
        text: The line without its end.
    """

    time: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """What a cluster can hold, as far as the caller may read it; None: not allowed, or not known there.

    Attributes:
        nodes: Nodes with their allocatable resources, labels and taints.
        pods: Pods of all namespaces that hold resources of a node: scheduled and not finished.
        quotas: ResourceQuotas of the job's namespace.
    """

    nodes: list[Object] | None
    pods: list[Object] | None
    quotas: list[Object] | None


@dataclass(frozen=True, kw_only=True)
class QueuePlace:
    """What a queueing system says of a job that it holds back, as far as the caller may read it.

    Attributes:
        standing: `untaken`: nobody has taken it up. `waiting`: it has no quota. `checked`: it has, and what
            else has to agree has not. `admitted`: it is about to start. `inactive`: it is kept out of the
            queue until somebody puts it back. `unknown`: that may not be read.
        fault: Why nothing moves in the queue. `no_system`: there are no queues in this cluster. `missing`:
            there is no such queue. `stopped`: nothing leaves it. `no_cluster_queue`: there is no
            `cluster_queue`. `inactive`: that one is not in order. None: none is known.
        position: In the queue, from 1; None: not known.
        cluster_position: Among all jobs that wait for the same quota, from 1.
        length: Jobs that wait in the queue; None: not known.
        workload: The system's own object about the job.
        reason: Why it has no quota, as a word of the system.
        message: The same in its sentence; of `checked` and `inactive` what these wait for.
        eviction: Why the job was stopped after it had run or been let in, as a word of the system.
        eviction_message: The same in its sentence.
        back_at: When a job that was stopped goes back into the queue, RFC 3339.
        cluster_queue: Where the queue's quota comes from.
        queues: Those of the namespace, where `fault` is `missing`.
    """

    standing: Literal["untaken", "waiting", "checked", "admitted", "inactive", "unknown"]
    fault: Literal["no_system", "missing", "stopped", "no_cluster_queue", "inactive"] | None = None
    position: int | None = None
    cluster_position: int | None = None
    length: int | None = None
    workload: str | None = None
    reason: str | None = None
    message: str | None = None
    eviction: str | None = None
    eviction_message: str | None = None
    back_at: str | None = None
    cluster_queue: str | None = None
    queues: tuple[str, ...] = ()


class Cluster(Protocol):
    """An engine. All calls may raise ClusterError and its children; none prints.

    Attributes:
        name: `local`, `kube` or `fake`.
        description: One line for the user: the engine and where it is, e.g. context, server and namespace.
        default_namespace: Namespace of a job that names none.
        keeps_scratch: Scratch space (emptyDir) of a pod outlives it: it is kept while the job is there, and
            a retry of the job (RETRY_OF_ANNOTATION) begins with a copy of it.
    """

    name: str
    description: str
    default_namespace: str
    keeps_scratch: bool

    def create(self, job: Object, *, companions: Sequence[Object] = (), dry_run: bool = False) -> Object:
        """Creates a TFJob and returns it as stored (uid, creationTimestamp filled).

        A job that is there already with the same SUBMISSION_ANNOTATION is this very one: it is returned. So
        is one that a killed launcher left incomplete, with the same config and companions: what it lacks is
        created (rules.companions says in which order).

        Args:
            job: The TFJob.
            companions: Objects that it needs and owns (ConfigMap, PodDisruptionBudget), without owner
                references: the engine writes them, so that they go when the job goes.
            dry_run: Everything is checked and nothing is created.

        Raises:
            JobExists: Another job of that name is there; `existing` is that job.
            RefusedError: The engine cannot run it (not enough GPUs, runtime not installed).
            ClusterError: The object is not valid; the message names the field.
        """
        ...

    def get(self, ref: JobRef) -> Object:
        """The TFJob. Raises JobNotFound."""
        ...

    def list(self, *, namespace: str | None = None, selector: str | None = None) -> list[Object]:
        """TFJobs of a namespace (None: all), oldest first; `selector` as kubectl's `-l`, equality only."""
        ...

    def patch(self, ref: JobRef, patch: Object) -> Object:
        """Applies a JSON merge patch (RFC 7386) to a TFJob and returns it. Raises JobNotFound."""
        ...

    def delete(self, ref: JobRef) -> None:
        """Deletes the TFJob and its pods; replicas get SIGTERM and their grace period. Raises JobNotFound."""
        ...

    def pods(self, ref: JobRef) -> list[Object]:
        """The job's pods, those that are left, ordered by role and index."""
        ...

    def events(self, ref: JobRef) -> list[Object]:
        """Events about the job and its pods, oldest first."""
        ...

    def watch(
        self, *, namespace: str, name: str | None = None, stop: threading.Event | None = None
    ) -> Iterator[Change]:
        """What is there (ADDED), a BOOKMARK, then each change, until `stop` is set.

        Args:
            namespace: Whose TFJobs, Pods and Events.
            name: One job and what belongs to it; None: all TFJobs of the namespace.
            stop: Ends the iteration within about a second.
        """
        ...

    def logs(
        self,
        pod: PodRef,
        *,
        follow: bool = False,
        tail: int | None = None,
        since: str | None = None,
        previous: bool = False,
        stop: threading.Event | None = None,
    ) -> Iterator[LogEntry]:
        """Lines of the pod's `tensorflow` container.

        Args:
            pod: Whose.
            follow: Goes on until the container has ended (a restart in place is a new call) or `stop` is set.
            tail: Only the last so many of the lines there now.
            since: Only lines later than this time.
            previous: The container's run before the last restart.
            stop: Ends the iteration within about a second.

        Raises:
            ClusterError: The container has not started, or its lines are gone.
        """
        ...

    def companions(self, ref: JobRef) -> list[Object]:
        """ConfigMaps and PodDisruptionBudgets that the job owns, by kind and name. Raises JobNotFound."""
        ...

    def put_companion(self, ref: JobRef, companion: Object) -> None:
        """Creates something that the job owns, or makes what it owns already like this.

        Raises:
            JobNotFound: No job of that name.
            ClusterError: Another owns an object of that name, or the engine has no such kind.
        """
        ...

    def capacity(self, *, namespace: str) -> Capacity:
        """What the cluster can hold for a job of this namespace. Raises ClusterError when unreachable."""
        ...

    def is_ending(self, namespace: str) -> bool:
        """Whether the namespace is being deleted, or gone; False where that may not be read."""
        ...

    def queue_place(self, ref: JobRef, *, uid: str, queue: str) -> QueuePlace | None:
        """Where the job stands in its queue, in a few seconds at most; None: nothing is known about that.

        What may not be read, is not installed or does not answer is left out: this raises nothing.

        Args:
            ref: The job.
            uid: Its own, so that nothing is told of another that had its name.
            queue: Value of its QUEUE_LABEL.
        """
        ...

    def places(self, ref: JobRef) -> dict[str, str]:
        """Where the job's things lie, for people: `{"logs": ..., "output": ...}`, as far as known."""
        ...


@runtime_checkable
class Forwarder(Protocol):
    """An engine whose pods are elsewhere, and which can show one of them on this machine."""

    def show_pod(
        self, ref: JobRef, pod: Object, *, remote: int, local: int, on_open: Callable[[str, int], None]
    ) -> None:
        """Creates a pod that the job owns and forwards a port of this machine to it, until interrupted.

        The pod is deleted at the end, whatever the end is.

        Args:
            ref: The job.
            pod: No replica, without owner.
            remote: The pod's port.
            local: This machine's; 0: any that is free.
            on_open: Gets address and port once the pod is ready.

        Raises:
            RefusedError: The local port is taken.
            ClusterError: The pod cannot be created, does not become ready, or has ended.
        """
        ...
