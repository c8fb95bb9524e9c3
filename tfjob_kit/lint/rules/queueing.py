"""Queues, gangs, and who manages a job."""

from __future__ import annotations

from collections.abc import Iterator

from tfjob_kit.lint.job import Job
from tfjob_kit.lint.rule import Edit, Hit, Remove, Rule, Set, Severity
from tfjob_kit.plan.scheduling import QUEUE_LABEL

__all__ = ["RULES"]

_MANAGERS = ("kubeflow.org/training-operator", "kueue.x-k8s.io/multikueue")


def _queue_suspend(job: Job) -> Iterator[Hit]:
    field = job.policy.at("suspend")
    if job.queue and field.is_true:
        yield Hit(
            field,
            f"the queue `{job.queue}` suspends and resumes the job itself",
            edits=(Remove(path=field.path),),
        )


def _queue_on_template(job: Job) -> Iterator[Hit]:
    for role in job.roles:
        label = role.template.at("metadata", "labels", QUEUE_LABEL)
        if label.exists:
            up: tuple[Edit, ...] = ()
            if job.queue is None and label.text is not None:
                up = (Set(path=("metadata", "labels", QUEUE_LABEL), value=label.value),)
            what = "the job is not queued" if job.queue is None else "the label counts on the TFJob alone"
            yield Hit(
                label,
                f"Kueue reads `{QUEUE_LABEL}` of the TFJob, not of a template: {what}",
                edits=(*up, Remove(path=label.path)),
            )


def _manager(job: Job) -> Iterator[Hit]:
    field = job.policy.at("managedBy")
    if field.text is not None and field.text not in _MANAGERS:
        yield Hit(field, f"`{field.text}` cannot manage a TFJob: the webhook refuses it")


def _gang_too_many(job: Job) -> Iterator[Hit]:
    field = job.policy.at("schedulingPolicy", "minAvailable")
    if field.integer is not None and field.integer > job.replicas > 0:
        yield Hit(
            field,
            f"the gang waits for {field.integer} pods and the job has {job.replicas}: it is never scheduled",
            edits=(Set(path=field.path, value=job.replicas),),
        )


def _gang_partial(job: Job) -> Iterator[Hit]:
    field = job.policy.at("schedulingPolicy", "minAvailable")
    if field.integer is not None and field.integer < job.replicas:
        yield Hit(
            field,
            f"{field.integer} of {job.replicas} replicas may start and hold GPUs while the others wait",
            edits=(Remove(path=field.path),),
        )


RULES = (
    Rule(
        id="queue-suspend",
        severity=Severity.warning,
        title="suspended by hand in a queue",
        check=_queue_suspend,
        fix="remove `suspend`",
        key_fix="drop `job.suspend`",
        source="Kueue documentation: Kubeflow jobs; its webhook suspends and admission resumes",
        good={"metadata.labels": {QUEUE_LABEL: "research"}},
        bad={"metadata.labels": {QUEUE_LABEL: "research"}, "policy.suspend": True},
    ),
    Rule(
        id="queue-on-template",
        severity=Severity.warning,
        title="Kueue's label on a template",
        check=_queue_on_template,
        fix="write it under the TFJob's own `metadata.labels`",
        key_fix="use `job.queue`",
        source="Kueue documentation: the queue-name label of the job object",
        good={"metadata.labels": {QUEUE_LABEL: "research"}},
        bad={"podmeta.labels": {"sidecar.istio.io/inject": "false", QUEUE_LABEL: "research"}},
    ),
    Rule(
        id="managed-by",
        severity=Severity.error,
        title="a manager that does not exist",
        check=_manager,
        fix=f"write `{_MANAGERS[0]}` or `{_MANAGERS[1]}`, or leave it out",
        source="training-operator v1.9.4, pkg/webhooks/tensorflow/tfjob_webhook.go",
        good={"policy.managedBy": _MANAGERS[1]},
        bad={"policy.managedBy": "kueue"},
    ),
    Rule(
        id="gang-too-many",
        severity=Severity.error,
        title="a gang larger than the job",
        check=_gang_too_many,
        fix="leave `minAvailable` out: it is all replicas then",
        source="training-operator v1.9.4, pkg/controller.v1/control: PodGroup.minMember",
        good={"policy.schedulingPolicy": {"minAvailable": 4}},
        bad={"policy.schedulingPolicy": {"minAvailable": 5}},
    ),
    Rule(
        id="gang-partial",
        severity=Severity.warning,
        title="a gang smaller than the job",
        check=_gang_partial,
        fix="leave `minAvailable` out: it is all replicas then",
        source="training-operator v1.9.4, pkg/controller.v1/control: PodGroup.minMember",
        good={"policy.schedulingPolicy": {"minAvailable": 4}},
        bad={"policy.schedulingPolicy": {"minAvailable": 2}},
    ),
)
