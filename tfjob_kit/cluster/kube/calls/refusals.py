"""What the API server's refusals mean: from a failed call to the error that a user can act on.

Translated by status and by the fields of the `Status` object. Its text decides only where Kubernetes has no
field: a webhook's denial is a plain 403, and a webhook that does not answer a plain 500.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, cast

from tfjob_kit import errors
from tfjob_kit.cluster.kube.calls.call import Call
from tfjob_kit.cluster.kube.calls.resources import TFJOBS
from tfjob_kit.cluster.kube.calls.retries import Failure

__all__ = ["Server", "error_of"]

_DENIED = re.compile(r'admission webhook "(?P<name>[^"]*)" denied the request:? ?(?P<why>.*)', re.DOTALL)
_WEBHOOK_SILENT = re.compile(r'failed calling webhook "(?P<name>[^"]*)":?\s*(?P<why>.*)', re.DOTALL)
_USER = re.compile(r'User "(?P<user>[^"]*)"')
_LONGEST = 600
_INSTALL = "kubectl apply --server-side -k " + (
    "'github.com/kubeflow/training-operator.git/manifests/overlays/standalone?ref=v1.9.4'"
)


@dataclass(frozen=True, kw_only=True)
class Server:
    """The other side, for people.

    Attributes:
        way: How it was found: `context prod`, `the service account of this pod`.
        kubectl: A kubectl that goes the same way.
    """

    url: str
    way: str
    kubectl: str


def error_of(failure: Failure, call: Call, server: Server) -> errors.ClusterError:
    """The error of a call that failed for good."""
    if failure.kind != "status":
        return _not_connected(failure, server)
    status = _status_object(failure)
    text = _clean(str(status.get("message") or "")) or _clean(failure.body) or "no reason given"
    match failure.status:
        case 401:
            return _unknown_user(server)
        case 403:
            return _forbidden(text, call, server)
        case 404:
            return _not_found(status, call, server)
        case 400 | 422 if status:
            return _invalid(status, text, call, status_code=failure.status)
        case 400:
            return _no_api_server(text, server)
        case 429:
            return _refused(f"the API server is too busy: {text}", failure, server)
        case code if code >= 500 and call.part == "log":
            return _no_kubelet(text, failure, call)
        case code if code >= 500:
            return _broken(text, failure, server)
        case _:
            return _refused(f"the API server refused: {text}", failure, server)


def _not_connected(failure: Failure, server: Server) -> errors.NotConnected:
    hints = {
        "certificate": "check the cluster's `certificate-authority` in the kubeconfig, and the server's name",
        "unreachable": f"is the cluster up, and can it be reached from here? `{server.kubectl} cluster-info`",
    }
    return errors.NotConnected(
        f"the API server {server.url} does not answer: {failure.detail}"
        if failure.kind != "certificate"
        else f"no secure connection to the API server {server.url}: {failure.detail}",
        where=server.way,
        hint=hints.get(failure.kind, f"`{server.kubectl} get --raw /readyz` says whether it is well"),
        retryable=failure.kind != "certificate",
    )


def _no_api_server(text: str, server: Server) -> errors.NotConnected:
    return errors.NotConnected(
        f"{server.url} does not answer as an API server: {text}",
        where=server.way,
        hint="check the cluster's `server` in the kubeconfig: most speak https",
        status=400,
    )


def _unknown_user(server: Server) -> errors.NotAllowed:
    return errors.NotAllowed(
        f"the API server {server.url} does not accept these credentials",
        where=server.way,
        hint=f"sign in again; `{server.kubectl} auth whoami` shows who you are",
        status=401,
    )


def _forbidden(text: str, call: Call, server: Server) -> errors.ClusterError:
    denial = _DENIED.search(text)
    if denial:
        return errors.ClusterError(
            f"the {call.resource.kind} is not valid: {_clean(denial['why']) or text}",
            status=422,
            where=f"webhook {denial['name']}",
        )
    if "exceeded quota" in text or "is being terminated" in text:
        return errors.ClusterError(f"the API server refused: {text}", status=403, where=_where(call))
    user = _USER.search(text)
    what = f"{call.verb} {call.about}"
    place = f"in namespace `{call.namespace}`" if call.namespace else "in all namespaces"
    flag = f"-n {call.namespace}" if call.namespace else "-A"
    who = f"you are `{user['user']}`; " if user else ""
    return errors.NotAllowed(
        f"you may not {what} {place}",
        where=server.way,
        hint=f"{who}`{server.kubectl} auth can-i {what} {flag}` asks again; the rights needed are in "
        "deploy/rbac/tfjob-kit-user.yaml",
        status=403,
    )


def _not_found(status: dict[str, Any], call: Call, server: Server) -> errors.ClusterError:
    details: dict[str, Any] = status.get("details") or {}
    if details.get("kind") == "namespaces":
        return errors.ClusterError(
            f"there is no namespace `{call.namespace}`",
            status=404,
            where=server.way,
            hint="choose another with --namespace, or set TFJOB_KIT_NAMESPACE",
        )
    if call.resource == TFJOBS and not details.get("name"):
        return errors.CrdMissing(
            "this cluster does not know TFJobs: the training-operator is not installed",
            status=404,
            where=server.way,
            hint=f"whoever runs the cluster can install it: `{_INSTALL}`",
        )
    if call.resource == TFJOBS:
        return errors.JobNotFound(f"no job `{call.name}` in namespace `{call.namespace}`", status=404)
    kind = call.resource.kind[:1].lower() + call.resource.kind[1:]
    return errors.ClusterError(
        f"there is no {kind} `{call.name}`" if call.name else f"this cluster does not know {call.about}",
        status=404,
        where=_where(call),
    )


def _invalid(status: dict[str, Any], text: str, call: Call, *, status_code: int) -> errors.ClusterError:
    """Each field that is wrong, as the server names it."""
    if call.part == "log":
        return errors.ClusterError(
            text, status=status_code, where=_where(call), retryable="waiting to start" in text
        )
    details: dict[str, Any] = status.get("details") or {}
    causes: list[dict[str, Any]] = details.get("causes") or []
    named = [f"`{c['field']}`: {_clean(str(c.get('message', '')))}" for c in causes if c.get("field")]
    strict = text.partition("strict decoding error: ")[2]
    what = "; ".join(dict.fromkeys(named)) or strict or text
    is_object = bool(named or strict) or call.body is not None
    return errors.ClusterError(
        f"the {call.resource.kind} is not valid: {what}" if is_object else f"the API server refused: {text}",
        status=422 if is_object else status_code,
        where=str(causes[0]["field"]) if named else _where(call),
    )


def _broken(text: str, failure: Failure, server: Server) -> errors.ClusterError:
    silent = _WEBHOOK_SILENT.search(text)
    if silent and "training-operator" in silent["name"]:
        return errors.ClusterError(
            "the training-operator does not answer, so jobs can be neither created nor changed: "
            + _clean(silent["why"]),
            status=failure.status,
            where=server.way,
            hint=f"`{server.kubectl} -n kubeflow get pods` shows whether it runs; deleting jobs still works",
            retryable=True,
        )
    return _refused(f"the API server failed with {failure.status}: {text}", failure, server)


def _no_kubelet(text: str, failure: Failure, call: Call) -> errors.ClusterError:
    return errors.ClusterError(
        f"the node of pod `{call.name}` does not give its lines: {text}",
        status=failure.status,
        where=_where(call),
        retryable=True,
    )


def _refused(message: str, failure: Failure, server: Server) -> errors.ClusterError:
    retryable = failure.status == 429 or failure.status >= 500
    return errors.ClusterError(message, status=failure.status, where=server.way, retryable=retryable)


def _status_object(failure: Failure) -> dict[str, Any]:
    """The `Status` that the API server sends with a refusal; empty for other bodies (a proxy's page)."""
    try:
        data: Any = json.loads(failure.body)
    except ValueError:
        return {}
    if not isinstance(data, dict):
        return {}
    found = cast("dict[str, Any]", data)
    return found if found.get("kind") == "Status" else {}


def _clean(text: str) -> str:
    """One line without its full stop; a page of HTML becomes its words."""
    words = " ".join(re.sub(r"<[^>]*>", " ", text).split()).rstrip(".")
    return words if len(words) <= _LONGEST else words[:_LONGEST] + " ..."


def _where(call: Call) -> str | None:
    return f"{call.namespace}/{call.name}" if call.namespace and call.name else call.namespace
