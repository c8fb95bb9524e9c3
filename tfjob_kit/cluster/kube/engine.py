"""KubeCluster: the port's verbs over an API server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

from tfjob_kit import errors
from tfjob_kit.cluster import rules
from tfjob_kit.cluster.kube import creation
from tfjob_kit.cluster.kube.calls.api import Api, Refused
from tfjob_kit.cluster.kube.calls.call import Call
from tfjob_kit.cluster.kube.calls.resources import NAMESPACES, PODS, TFJOBS
from tfjob_kit.cluster.kube.interrupter import Interrupter
from tfjob_kit.cluster.kube.listing import list_all
from tfjob_kit.cluster.port import (
    JOB_NAME_LABEL,
    OPERATOR_NAME_LABEL,
    REPLICA_INDEX_LABEL,
    REPLICA_TYPE_LABEL,
    Capacity,
    Change,
    JobRef,
    LogEntry,
    Object,
    PodRef,
    QueuePlace,
)

__all__ = ["KubeCluster"]

_GONE, _REPLACED = 404, 409


class KubeCluster:
    """TFJobs of a cluster; see port.Cluster for the verbs. Safe for threads.

    What a submission has no need of is imported by the verb that has.
    """

    name = "kube"
    keeps_scratch = False

    def __init__(self, api: Api, *, default_namespace: str) -> None:
        self._api = api
        self._interrupter = Interrupter()
        self.default_namespace = default_namespace
        self.description = f"{api.server.way}, {api.server.url}, namespace {default_namespace}"

    def create(self, job: Object, *, companions: Sequence[Object] = (), dry_run: bool = False) -> Object:
        """Creates the job, then what it owns; see `creation`."""
        metadata = {"namespace": self.default_namespace, **job["metadata"]}
        job = {**job, "metadata": metadata}
        rules.validate(job)
        if dry_run:
            return creation.try_creation(self._api, job, companions)
        return creation.create(self._api, job, companions)

    def get(self, ref: JobRef) -> Object:
        """The TFJob as stored."""
        return self._api.ask(Call(verb="get", resource=TFJOBS, namespace=ref.namespace, name=ref.name))

    def list(self, *, namespace: str | None = None, selector: str | None = None) -> list[Object]:
        """TFJobs, oldest first."""
        rules.parse_selector(selector)  # the same terms on every engine
        query = {"labelSelector": selector} if selector else {}
        jobs = list_all(self._api, TFJOBS, namespace=namespace, query=query).items
        return sorted(jobs, key=lambda job: (_age(job), job["metadata"]["name"]))

    def patch(self, ref: JobRef, patch: Object) -> Object:
        """Applies the merge patch; one that meets another writer is sent again."""
        return creation.patch_job(self._api, ref, patch)

    def delete(self, ref: JobRef) -> None:
        """Deletes this very job: another that has taken its name in the meantime stays."""
        uid = self.get(ref)["metadata"]["uid"]
        body = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Background",
            "preconditions": {"uid": uid},
        }
        call = Call(verb="delete", resource=TFJOBS, namespace=ref.namespace, name=ref.name, body=body)
        try:
            self._api.send(call)
        except Refused as refused:
            # Gone, or gone and replaced: it was there a moment ago, so it has been deleted, maybe by us.
            if refused.failure.status not in {_GONE, _REPLACED}:
                raise refused.error from refused.__cause__

    def pods(self, ref: JobRef) -> list[Object]:
        """The job's pods by role and index."""
        found = list_all(
            self._api,
            PODS,
            namespace=ref.namespace,
            query={"labelSelector": f"{JOB_NAME_LABEL}={ref.name},{OPERATOR_NAME_LABEL}=tfjob-controller"},
        )
        return sorted(found.items, key=_role_and_index)

    def events(self, ref: JobRef) -> list[Object]:
        """Events of the job and of the pods that it has or had."""
        from tfjob_kit.cluster.kube import job_events

        return job_events.read_events(self._api, ref)

    def watch(
        self, *, namespace: str, name: str | None = None, stop: threading.Event | None = None
    ) -> Iterator[Change]:
        """One list and one watch for each of jobs, pods and events; see `watch`."""
        from tfjob_kit.cluster.kube import watch

        return watch.watch(self._api, namespace=namespace, name=name, stop=stop)

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
        """Lines as the kubelet has them; see `logs`."""
        from tfjob_kit.cluster.kube import logs

        return logs.read_log(
            self._api,
            pod,
            interrupter=self._interrupter,
            follow=follow and not previous,
            tail=tail,
            since=since,
            previous=previous,
            stop=stop,
        )

    def companions(self, ref: JobRef) -> list[Object]:
        """ConfigMaps and PodDisruptionBudgets of the job."""
        from tfjob_kit.cluster.kube import owned

        return owned.read_companions(self._api, ref)

    def put_companion(self, ref: JobRef, companion: Object) -> None:
        """Creates it, or patches the job's own."""
        creation.put_companion(self._api, self.get(ref), companion)

    def show_pod(
        self, ref: JobRef, pod: Object, *, remote: int, local: int, on_open: Callable[[str, int], None]
    ) -> None:
        """Creates it, forwards to it, deletes it; see `forward`."""
        from tfjob_kit.cluster.kube import forward

        forward.show_pod(self._api, self.get(ref), pod, remote=remote, local=local, on_open=on_open)

    def capacity(self, *, namespace: str) -> Capacity:
        """Nodes, pods and quotas, each as far as it may be read."""
        from tfjob_kit.cluster.kube import capacity

        return capacity.read_capacity(self._api, namespace=namespace)

    def is_ending(self, namespace: str) -> bool:
        """As the namespace itself says, where it may be read."""
        try:
            found = self._api.ask(Call(verb="get", resource=NAMESPACES, name=namespace))
        except errors.ClusterError as error:
            if error.status not in {403, 404}:
                raise
            return error.is_absent
        return "deletionTimestamp" in found["metadata"]

    def queue_place(self, ref: JobRef, *, uid: str, queue: str) -> QueuePlace | None:
        """As Kueue's objects and its visibility API have it; see `queue_place`."""
        from tfjob_kit.cluster.kube import queue_place

        return queue_place.read_place(self._api, ref.namespace, uid=uid, queue=queue)

    def places(self, ref: JobRef) -> dict[str, str]:
        """How kubectl shows the logs; what the job writes lies where its config says."""
        return {"logs": f"{self._api.server.kubectl} -n {ref.namespace} logs -l {JOB_NAME_LABEL}={ref.name}"}


def _age(job: Object) -> str:
    return str(job["metadata"].get("creationTimestamp") or "")


def _role_and_index(pod: Object) -> tuple[str, int, str]:
    labels: Object = pod["metadata"].get("labels") or {}
    index = str(labels.get(REPLICA_INDEX_LABEL, ""))
    role = str(labels.get(REPLICA_TYPE_LABEL, ""))
    return (role, int(index) if index.isdecimal() else 0, pod["metadata"]["name"])
