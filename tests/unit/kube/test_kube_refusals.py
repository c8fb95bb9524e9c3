"""What the API server's refusals become: class, message, hint, exit code."""

from __future__ import annotations

import json

import pytest

from tfjob_kit import errors
from tfjob_kit.cluster.kube.calls.call import Call
from tfjob_kit.cluster.kube.calls.refusals import Server, error_of
from tfjob_kit.cluster.kube.calls.resources import NODES, PODS, TFJOBS
from tfjob_kit.cluster.kube.calls.retries import Failure

SERVER = Server(url="https://api:6443", way="context prod", kubectl="kubectl --context prod")
CREATE = Call(verb="create", resource=TFJOBS, namespace="team", name="job", body={})
GET = Call(verb="get", resource=TFJOBS, namespace="team", name="job")
LOG = Call(verb="get", resource=PODS, namespace="team", name="job-chief-0", part="log")


def _error(
    code: int, message: str = "", call: Call = GET, body: str | None = None, **details
) -> errors.ClusterError:
    status = {"kind": "Status", "code": code, "message": message, "details": details}
    text = json.dumps(status) if body is None else body
    return error_of(Failure(kind="status", status=code, body=text), call, SERVER)


CASES = [
    (
        _error(401, "Unauthorized"),
        errors.NotAllowed,
        401,
        "does not accept these credentials",
        "sign in again",
    ),
    (
        _error(403, 'tfjobs.kubeflow.org is forbidden: User "jane" cannot get resource', name="job"),
        errors.NotAllowed,
        403,
        "you may not get tfjobs.kubeflow.org in namespace `team`",
        "you are `jane`; `kubectl --context prod auth can-i get tfjobs.kubeflow.org -n team`",
    ),
    (
        _error(403, 'pods "p" is forbidden: User "jane" cannot get resource', LOG),
        errors.NotAllowed,
        403,
        "you may not get pods/log in namespace `team`",
        "deploy/rbac/tfjob-kit-user.yaml",
    ),
    (
        _error(403, "no", Call(verb="list", resource=NODES)),
        errors.NotAllowed,
        403,
        "you may not list nodes in all namespaces",
        "-A",
    ),
    (
        _error(
            403,
            'admission webhook "validator.tfjob.training-operator.kubeflow.org" denied the request: '
            "spec.tfReplicaSpecs[Chief].template.spec.containers: Required value: must have one",
            CREATE,
        ),
        errors.ClusterError,
        422,
        "the TFJob is not valid: spec.tfReplicaSpecs[Chief].template.spec.containers: Required value",
        None,
    ),
    (
        _error(403, 'tfjobs.kubeflow.org "job" is forbidden: exceeded quota: q, requested: count=1', CREATE),
        errors.ClusterError,
        403,
        "exceeded quota: q",
        None,
    ),
    (
        _error(404, "not found", name="job", kind="tfjobs"),
        errors.JobNotFound,
        404,
        "no job `job` in namespace `team`",
        None,
    ),
    (
        _error(404, body="404 page not found\n"),
        errors.CrdMissing,
        404,
        "does not know TFJobs",
        "kubectl apply",
    ),
    (
        _error(404, 'namespaces "team" not found', CREATE, name="team", kind="namespaces"),
        errors.ClusterError,
        404,
        "there is no namespace `team`",
        "--namespace",
    ),
    (
        _error(404, "not found", LOG, name="p", kind="pods"),
        errors.ClusterError,
        404,
        "there is no pod `job-chief-0`",
        None,
    ),
    (
        _error(
            422,
            "is invalid",
            CREATE,
            causes=[
                {
                    "field": "spec.runPolicy.backoffLimit",
                    "message": 'Invalid value: "string": no integer.',
                },
                {"field": "spec.tfReplicaSpecs", "message": "Required value"},
            ],
        ),
        errors.ClusterError,
        422,
        'not valid: `spec.runPolicy.backoffLimit`: Invalid value: "string": no integer; '
        "`spec.tfReplicaSpecs`: Required value",
        None,
    ),
    (
        _error(400, 'strict decoding error: unknown field "spec.gpus"', CREATE),
        errors.ClusterError,
        422,
        'not valid: unknown field "spec.gpus"',
        None,
    ),
    (
        _error(400, 'container "tensorflow" in pod "p" is waiting to start: ContainerCreating', LOG),
        errors.ClusterError,
        400,
        "waiting to start",
        None,
    ),
    (
        _error(400, body="Client sent an HTTP request to an HTTPS server.\n"),
        errors.NotConnected,
        400,
        "https://api:6443 does not answer as an API server: Client sent an HTTP request",
        "https",
    ),
    (_error(429, "too many requests"), errors.ClusterError, 429, "too busy", None),
    (
        _error(
            500,
            'Internal error: failed calling webhook "validator.tfjob.training-operator.kubeflow.org": '
            'failed to call webhook: Post "https://x": connect: connection refused',
            CREATE,
        ),
        errors.ClusterError,
        500,
        "the training-operator does not answer",
        "kubectl --context prod -n kubeflow get pods",
    ),
    (
        _error(502, body="<html><h1>Bad gateway</h1></html>"),
        errors.ClusterError,
        502,
        "failed with 502: Bad gateway",
        None,
    ),
    (_error(500, "dial tcp: refused", LOG), errors.ClusterError, 500, "the node of pod `job-chief-0`", None),
    (
        error_of(Failure(kind="unreachable", detail="connection refused"), GET, SERVER),
        errors.NotConnected,
        0,
        "the API server https://api:6443 does not answer: connection refused",
        "kubectl --context prod cluster-info",
    ),
    (
        error_of(Failure(kind="certificate", detail="self-signed certificate"), GET, SERVER),
        errors.NotConnected,
        0,
        "no secure connection to the API server https://api:6443: self-signed certificate",
        "certificate-authority",
    ),
    (
        error_of(Failure(kind="timeout", detail="no answer in time"), GET, SERVER),
        errors.NotConnected,
        0,
        "no answer",
        "readyz",
    ),
]


@pytest.mark.parametrize(("error", "kind", "status", "message", "hint"), CASES)
def test_a_refusal_is_told_in_our_words(error, kind, status, message, hint) -> None:
    assert kind is type(error)
    assert status == error.status
    assert message in error.message
    assert not error.message.endswith(".")
    if hint is not None:
        assert hint in error.hint


def test_only_what_may_pass_is_called_retryable() -> None:
    assert _error(503).retryable
    assert _error(429).retryable
    assert _error(400, "is waiting to start", LOG).retryable
    assert error_of(Failure(kind="reset"), GET, SERVER).retryable
    assert not _error(403).retryable
    assert not _error(404, name="job").retryable
    assert not error_of(Failure(kind="certificate"), GET, SERVER).retryable


def test_a_long_page_is_cut() -> None:
    assert 800 > len(_error(500, "x" * 10_000).message)
