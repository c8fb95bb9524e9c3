"""A pod for as long as somebody looks at it: created, forwarded to this machine, deleted.

The official client speaks the protocol (WebSockets); here are the sockets of this side.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from tfjob_kit import errors
from tfjob_kit.cluster import rules
from tfjob_kit.cluster.kube.calls import failures
from tfjob_kit.cluster.kube.calls.api import Api, Refused
from tfjob_kit.cluster.kube.calls.call import Call
from tfjob_kit.cluster.kube.calls.resources import PODS
from tfjob_kit.cluster.kube.calls.retries import Failure
from tfjob_kit.cluster.port import Object
from tfjob_kit.cluster.rules.objects import items, part

__all__ = ["show_pod"]

_HOST = "127.0.0.1"
_PATIENCE = 600.0
"""Seconds until a pod must be ready: its image may have to come."""
_LOOK = 1.0
"""Seconds between looks at a pod that starts; one that runs is looked at ten times less often."""
_CHUNK = 1 << 16
_HANDSHAKE = re.compile(r"Handshake status (?P<status>\d+) [^+\n]*")
"""What the official client says of a WebSocket that was refused; it has no field for it."""
_CALLS = threading.Lock()
"""The official client opens a WebSocket by replacing a method of its own for a moment."""


def show_pod(
    api: Api, job: Object, pod: Object, *, remote: int, local: int, on_open: Callable[[str, int], None]
) -> None:
    """See port.Forwarder."""
    _check_user(api)
    owned = rules.companions.own(pod, job=job)
    meta = owned["metadata"]
    with socket.create_server((_HOST, 0)) if local == 0 else _listen(local) as server:
        uid = _create(api, owned)
        try:
            _wait_ready(api, meta)
            _try_forward(api, meta, remote)
            threading.Thread(target=_accept, args=(api, server, meta, remote), daemon=True).start()
            on_open(_HOST, server.getsockname()[1])
            while _is_ready(_look(api, meta), meta):
                time.sleep(_LOOK * 10)
            raise errors.ClusterError(f"pod {meta['name']} is not ready any more", where=meta["namespace"])
        finally:
            _delete(api, meta, uid)


def _check_user(api: Api) -> None:
    """The official client's WebSockets leave out who we act as: the forward would have other rights."""
    if api.client.target.acting_as:
        raise errors.RefusedError(
            "a port-forward cannot act as another user",
            where=api.server.way,
            hint="use a context without `as` in the kubeconfig",
        )


def _listen(local: int) -> socket.socket:
    try:
        return socket.create_server((_HOST, local))
    except OSError as error:
        raise errors.RefusedError(
            f"port {local} of this machine cannot be listened on: {os.strerror(error.errno or 0)}",
            hint="choose another with --port; 0 takes any that is free",
        ) from error


def _create(api: Api, pod: Object) -> str:
    """The uid of the new pod; of the one that is there if it is this job's own."""
    meta = pod["metadata"]
    call = Call(verb="create", resource=PODS, namespace=meta["namespace"], body=pod)
    try:
        return api.send(call).data["metadata"]["uid"]
    except Refused as refused:
        if refused.failure.status != 409:
            raise _with_role(refused.error) from refused.__cause__
    there = _look(api, meta)
    if _owner(there) != _owner(pod):
        raise errors.ClusterError(
            f"there is a pod {meta['name']} already, which is not this job's", where=meta["namespace"]
        )
    if _has_ended(there) or "deletionTimestamp" in there["metadata"]:
        _delete(api, meta, there["metadata"]["uid"])
        raise errors.ClusterError(
            f"the last pod {meta['name']} is still being removed", hint="run the same command again"
        )
    return there["metadata"]["uid"]


def _delete(api: Api, meta: Object, uid: str) -> None:
    body: Object = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}}
    call = Call(verb="delete", resource=PODS, namespace=meta["namespace"], name=meta["name"], body=body)
    try:
        api.send(call)
    except Refused as refused:
        if refused.failure.status not in {404, 409}:
            raise _with_role(refused.error) from refused.__cause__


def _look(api: Api, meta: Object) -> Object:
    return api.ask(Call(verb="get", resource=PODS, namespace=meta["namespace"], name=meta["name"]))


def _wait_ready(api: Api, meta: Object) -> None:
    end = time.monotonic() + _PATIENCE
    while not _is_ready(pod := _look(api, meta), meta):
        if time.monotonic() > end:
            raise errors.ClusterError(
                f"pod {meta['name']} has not become ready in {_PATIENCE:.0f} s: {_waits_for(pod)}",
                where=meta["namespace"],
            )
        time.sleep(_LOOK)


def _is_ready(pod: Object, meta: Object) -> bool:
    """Raises ClusterError for one that has ended."""
    if _has_ended(pod):
        raise errors.ClusterError(
            f"pod {meta['name']} has ended: {_waits_for(pod)}",
            where=meta["namespace"],
            hint="the job's image must hold TensorBoard, as tfjob-kit[train] does",
        )
    found = items(pod, "status", "conditions")
    return any(each["type"] == "Ready" and each["status"] == "True" for each in found)


def _has_ended(pod: Object) -> bool:
    return part(pod, "status").get("phase") in {"Failed", "Succeeded"}


def _waits_for(pod: Object) -> str:
    """What its container or its scheduling says."""
    states = [part(status, "state") for status in items(pod, "status", "containerStatuses")]
    parts: list[Object] = [inner for state in states for inner in state.values()]
    parts += [found for found in items(pod, "status", "conditions") if found["status"] != "True"]
    said = (": ".join(str(found[key]) for key in ("reason", "message") if found.get(key)) for found in parts)
    status = part(pod, "status")
    return next((text for text in said if text), str(status.get("reason") or status.get("phase")))


def _owner(thing: Object) -> list[str]:
    owners: list[Object] = thing["metadata"].get("ownerReferences") or []
    return [owner["uid"] for owner in owners]


def _with_role(error: errors.ClusterError) -> errors.ClusterError:
    """The right is in a role of its own."""
    if isinstance(error, errors.NotAllowed) and error.hint:
        error.hint = error.hint.replace("tfjob-kit-user.yaml", "tfjob-kit-tensorboard.yaml")
    return error


def _accept(api: Api, server: socket.socket, meta: Object, remote: int) -> None:
    """A connection into the pod for each that comes, until the listener is closed."""
    with contextlib.suppress(OSError):
        while True:
            near, _ = server.accept()
            threading.Thread(target=_serve, args=(api, near, meta, remote), daemon=True).start()


def _serve(api: Api, near: socket.socket, meta: Object, remote: int) -> None:
    # A connection that cannot be made or breaks is closed, as that to a server which is gone.
    with near, contextlib.suppress(Exception):
        far = _open(api, meta, remote)
        there = threading.Thread(target=_pump, args=(near, far), daemon=True)
        there.start()
        _pump(far, near)
        far.close()


def _open(api: Api, meta: Object, remote: int) -> Any:
    """A socket to the pod's port."""
    import kubernetes.stream  # pyright: ignore[reportMissingTypeStubs]
    from kubernetes import client  # pyright: ignore[reportMissingTypeStubs]

    stream: Any = kubernetes.stream
    pods: Any = client.CoreV1Api(api.client.api)
    with _CALLS:
        connect = pods.connect_get_namespaced_pod_portforward
        forward: Any = stream.portforward(connect, meta["name"], meta["namespace"], ports=str(remote))
    far: Any = forward.socket(remote)
    far.setblocking(True)
    return far


def _try_forward(api: Api, meta: Object, remote: int) -> None:
    """Opens one connection and closes it: what is refused is told, rather than a page that does not load."""
    try:
        _open(api, meta, remote).close()
    except Exception as error:
        found = _HANDSHAKE.search(str(error))
        if found is None:
            raise errors.ClusterError(
                f"no connection into pod {meta['name']}: {failures.cause_of(error)}", where=meta["namespace"]
            ) from error
        failure = Failure(kind="status", status=int(found["status"]), detail=found[0], body=found[0])
        call = Call(
            verb="create", resource=PODS, namespace=meta["namespace"], name=meta["name"], part="portforward"
        )
        raise _with_role(api.error_of(failure, call)) from error


def _pump(source: Any, target: Any) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
