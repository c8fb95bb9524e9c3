"""Containers beside the one that trains."""

from __future__ import annotations

from collections.abc import Iterator

from tfjob_kit.lint.job import Container, Job
from tfjob_kit.lint.rule import Hit, Remove, Rule, Severity

__all__ = ["RULES"]


def _sidecars(job: Job) -> list[Container]:
    return [
        container
        for container in job.containers
        if not container.is_init and not container.is_tensorflow and container.role.tensorflow is not None
    ]


def _plain_sidecar(job: Job) -> Iterator[Hit]:
    for container in _sidecars(job):
        name = container.part.at("name").text or "without a name"
        yield Hit(
            container.part,
            f"while the container `{name}` lives, pod and job stay Running, whatever `tensorflow` ended with",
        )


def _failing_sidecar(job: Job) -> Iterator[Hit]:
    for container in _sidecars(job):
        if container.role.restart_policy == "ExitCode":
            yield Hit(
                container.part,
                "if it fails, a training that ended with 0 counts as Failed under ExitCode",
            )


def _pod_restart_policy(job: Job) -> Iterator[Hit]:
    for role in job.roles:
        field = role.pod.at("restartPolicy")
        if field.exists:
            yield Hit(
                field,
                "the operator overwrites the pod's restart policy with the role's, and warns",
                edits=(Remove(path=field.path),),
            )


_SIDECAR = {"name": "sync", "image": "registry.example.com/sync:1.4"}
_INIT = {**_SIDECAR, "restartPolicy": "Always"}
_TWO = {"roles.Worker.template.spec.containers.1": _SIDECAR}

RULES = (
    Rule(
        id="plain-sidecar",
        severity=Severity.warning,
        title="a plain sidecar",
        check=_plain_sidecar,
        fix="make it a native sidecar: an init container with `restartPolicy: Always`",
        source="seen on training-operator v1.9.4; Kubernetes documentation: sidecar containers",
        good={"pod.initContainers": [_INIT]},
        bad=_TWO,
    ),
    Rule(
        id="sidecar-exit-code",
        severity=Severity.warning,
        title="a plain sidecar under ExitCode",
        check=_failing_sidecar,
        fix="make it a native sidecar, or write `restartPolicy: OnFailure`",
        source="seen on training-operator v1.9.4: exit 0 with a failed sidecar is Failed",
        good=_TWO,
        bad={**_TWO, "each.restartPolicy": "ExitCode", "policy.backoffLimit": None},
    ),
    Rule(
        id="pod-restart-policy",
        severity=Severity.warning,
        title="a restart policy on the pod",
        check=_pod_restart_policy,
        fix="write it on the role: `restartPolicy` beside `template`",
        source="training-operator v1.9.4, pkg/controller.v1/common/pod.go: SetPodTemplateRestartPolicy",
        good={"each.restartPolicy": "OnFailure"},
        bad={"pod.restartPolicy": "OnFailure"},
    ),
)
