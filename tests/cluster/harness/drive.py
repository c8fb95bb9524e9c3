"""What a test does to the pods of its namespace, in the words of what happens to them."""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from harness.api import MERGE_PATCH, STRATEGIC_PATCH, Api, Refused, wait_until
from harness.logs import CONTAINER, Fakelet


class Drive:
    """The strings to the pods of one namespace, by their names."""

    def __init__(self, api: Api, namespace: str, logs: Fakelet) -> None:
        self.api, self.namespace, self._logs = api, namespace, logs

    # -- looking ---------------------------------------------------------------------------------------------

    def pod(self, name: str) -> dict[str, Any]:
        """The pod as it is. Raises Refused with status 404."""
        return self.api.request("GET", self._path(name))

    def pods(self, job: str) -> list[dict[str, Any]]:
        """The job's pods, by name."""
        selector = f"labelSelector=training.kubeflow.org/job-name%3D{job}"
        found = self.api.request("GET", f"/api/v1/namespaces/{self.namespace}/pods?{selector}")["items"]
        return sorted(found, key=lambda pod: pod["metadata"]["name"])

    def job(self, name: str) -> dict[str, Any]:
        """The TFJob as it is."""
        return self.api.request("GET", f"/apis/kubeflow.org/v1/namespaces/{self.namespace}/tfjobs/{name}")

    def wait_running(self, job: str, count: int) -> list[dict[str, Any]]:
        """Waits until so many pods run, and gives them."""
        return wait_until(
            lambda: self.pods(job),
            lambda pods: count == len(pods) and all(is_running(pod) for pod in pods),
            what=f"{count} running pods of {job}",
        )

    def wait_condition(self, job: str, kind: str) -> dict[str, Any]:
        """Waits until the condition of that type is True, and gives the TFJob."""
        return wait_until(lambda: self.job(job), lambda found: _has(found, kind), what=f"{job} {kind}")

    # -- before they run -------------------------------------------------------------------------------------

    def release(self, pod: str) -> None:
        """A pod that was held goes on to run.

        Not before its node has taken hold of it: of two steps at once the later one would undo the other.
        """
        wait_until(lambda: self.pod(pod)["status"].get("startTime"), what=f"{pod} is held by its node")
        self._annotate(pod, {"sim/hold": None})

    def image_backoff(
        self, pod: str, *, reason: str = "ImagePullBackOff", message: str = "Back-off pulling image"
    ) -> None:
        """A held pod waits for an image that cannot be had."""
        self._annotate(pod, {"sim/hold": "true"})
        wait_until(lambda: self.pod(pod)["status"].get("containerStatuses"), what=f"{pod} is bound")
        state = {"waiting": {"reason": reason, "message": message}, "running": None, "terminated": None}
        self._patch_container(pod, {"state": state}, phase="Pending")

    # -- while they run --------------------------------------------------------------------------------------

    def write(self, pod: str, text: str) -> None:
        """The container prints these lines."""
        self._logs.write(self.namespace, pod, text)

    def cut_logs(self, pod: str) -> None:
        """Every open connection to the pod's lines breaks."""
        self._logs.cut(self.namespace, pod)

    def exit(
        self,
        pod: str,
        code: int,
        *,
        reason: str | None = None,
        message: str | None = None,
        signal: int | None = None,
    ) -> None:
        """The container ends; the pod with it, or its restart policy starts it again in place."""
        policy = self.pod(pod)["spec"]["restartPolicy"]
        if policy == "Always" or (policy == "OnFailure" and code):
            self.restart(pod, code, reason=reason, message=message)
        else:
            self.fail(pod, code, reason=reason, message=message, signal=signal)

    def fail(
        self,
        pod: str,
        code: int,
        *,
        reason: str | None = None,
        message: str | None = None,
        signal: int | None = None,
    ) -> None:
        """The pod ends with this code (0: it succeeds), whatever its restart policy."""
        values = {
            "sim/exit-code": str(code),
            "sim/reason": reason,
            "sim/message": message,
            "sim/signal": None if signal is None else str(signal),
        }
        self._annotate(pod, values)

    def restart(self, pod: str, code: int, *, reason: str | None = None, message: str | None = None) -> None:
        """The kubelet starts the container again in the same pod."""
        before = _container(self.pod(pod))
        ended = {
            "exitCode": code,
            "reason": reason or ("Error" if code else "Completed"),
            "message": message or "",
            "startedAt": before["state"]["running"]["startedAt"],
            "finishedAt": _now(),
        }
        state = {"running": {"startedAt": _now()}, "waiting": None, "terminated": None}
        change = {
            "restartCount": before["restartCount"] + 1,
            "lastState": {"terminated": ended},
            "state": state,
        }
        self._patch_container(pod, change)

    def crash_loop(self, pod: str, code: int = 1, *, message: str = "back-off 10s restarting") -> None:
        """The container has ended and waits before it is started again."""
        self.restart(pod, code)
        state = {"waiting": {"reason": "CrashLoopBackOff", "message": message}, "running": None}
        self._patch_container(pod, {"state": state, "ready": False})

    # -- from outside ----------------------------------------------------------------------------------------

    def delete(self, pod: str, *, grace: str | None = None, force: bool = False) -> None:
        """`kubectl delete pod`; `grace` as `2s`: how long it stays Terminating."""
        if grace is not None:
            self._annotate(pod, {"sim/grace": grace})
        self.api.request("DELETE", self._path(pod), {"gracePeriodSeconds": 0} if force else None)

    def evict(self, pod: str, *, grace: str | None = None) -> None:
        """What `kubectl drain` does. Raises Refused with status 429 where a budget forbids it."""
        if grace is not None:
            self._annotate(pod, {"sim/grace": grace})
        names = {"name": pod, "namespace": self.namespace}
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": names}
        self.api.request("POST", f"{self._path(pod)}/eviction", body)

    # -- pieces ----------------------------------------------------------------------------------------------

    def _path(self, pod: str) -> str:
        return f"/api/v1/namespaces/{self.namespace}/pods/{pod}"

    def _annotate(self, pod: str, values: Mapping[str, str | None]) -> None:
        self.api.request("PATCH", self._path(pod), {"metadata": {"annotations": dict(values)}}, MERGE_PATCH)

    def _patch_container(self, pod: str, change: dict[str, Any], **status: Any) -> None:
        body = {"status": {**status, "containerStatuses": [{"name": CONTAINER, **change}]}}
        self.api.request("PATCH", f"{self._path(pod)}/status", body, STRATEGIC_PATCH)


def with_pod_annotations(job: dict[str, Any], values: Mapping[str, str], *, role: str | None = None) -> Any:
    """The manifest with annotations on its pod templates (of one replica type): `{"sim/hold": "true"}`."""
    changed = copy.deepcopy(job)
    for name, spec in changed["spec"]["tfReplicaSpecs"].items():
        if role in (None, name):
            meta = spec["template"].setdefault("metadata", {})
            meta["annotations"] = {**meta.get("annotations", {}), **values}
    return changed


def make_namespace(api: Api, name: str, *, labels: Mapping[str, str] | None = None) -> None:
    """A namespace in which pods can be made: its default account is there."""
    api.request("POST", "/api/v1/namespaces", {"metadata": {"name": name, "labels": dict(labels or {})}})
    path = f"/api/v1/namespaces/{name}/serviceaccounts/default"
    wait_until(lambda: _found(api, path), what=f"the default account of {name}")


def is_running(pod: dict[str, Any]) -> bool:
    """Whether its container runs and nobody has deleted it."""
    return "running" in _container(pod).get("state", {}) and "deletionTimestamp" not in pod["metadata"]


def _found(api: Api, path: str) -> bool:
    try:
        api.request("GET", path)
    except Refused:
        return False
    return True


def _container(pod: dict[str, Any]) -> dict[str, Any]:
    statuses = pod["status"].get("containerStatuses") or []
    return next((status for status in statuses if status["name"] == CONTAINER), {})


def _has(job: dict[str, Any], kind: str) -> bool:
    conditions = job.get("status", {}).get("conditions", [])
    return any(c["type"] == kind and c["status"] == "True" for c in conditions)


def _now() -> str:
    return datetime.fromtimestamp(int(time.time()), UTC).isoformat().replace("+00:00", "Z")
