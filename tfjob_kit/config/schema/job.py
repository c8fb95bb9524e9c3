"""The TFJob around the training, the code that it runs, and what the lint says about it."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from tfjob_kit.config.schema.field import Duration, Label, Quantity, key


class RestartPolicy(enum.Enum):
    """`spec.tfReplicaSpecs.*.restartPolicy`; `auto` is ExitCode for the shipped runtime, else OnFailure."""

    auto = "auto"
    ExitCode = "ExitCode"
    OnFailure = "OnFailure"
    Never = "Never"
    Always = "Always"


class CleanPodPolicy(enum.Enum):
    """`spec.runPolicy.cleanPodPolicy`: which pods the operator deletes once the job has finished."""

    Running = "Running"
    None_ = "None"
    All = "All"


class SuccessPolicy(enum.Enum):
    """`spec.successPolicy`: when a job without a chief has succeeded."""

    AllWorkers = "AllWorkers"


class ManagedBy(enum.Enum):
    """`spec.runPolicy.managedBy`: which controller looks after the job."""

    operator = "kubeflow.org/training-operator"
    multikueue = "kueue.x-k8s.io/multikueue"


class CodeMode(enum.Enum):
    """Where the code of a replica comes from."""

    image = "image"
    bundle = "bundle"


@dataclass(frozen=True, kw_only=True)
class GangConfig:
    """`spec.runPolicy.schedulingPolicy`: all replicas start together or none.

    It works where the training-operator runs with a gang scheduler (`--gang-scheduler-name`); elsewhere it is
    ignored but for the priority class, which Kueue reads.
    """

    enabled: bool = key(False, "Write the policy")
    min_available: int | None = key(None, "Replicas that start together; null: all of the job", minimum=1)
    queue: str | None = key(None, "Queue of Volcano")
    priority_class: str | None = key(None, "PriorityClass of the pod group")
    timeout: Duration | None = key(
        None, "Seconds until scheduler-plugins gives a pod group up; null: its own", minimum=1
    )
    min_resources: dict[str, Quantity] = key({}, "Resources of the pod group; empty: the sum of its pods")


@dataclass(frozen=True, kw_only=True)
class JobConfig:
    """The TFJob around the training."""

    restart_policy: RestartPolicy = key(RestartPolicy.auto, "What the operator does when a replica ends")
    backoff_limit: int | None = key(
        None, "Container restarts before the job fails; OnFailure and Always only", minimum=0
    )
    clean_pod_policy: CleanPodPolicy = key(CleanPodPolicy.Running, "Pods deleted once the job has finished")
    ttl: Duration | None = key(7 * 86400, "Seconds a finished job is kept; null: for ever", minimum=0)
    deadline: Duration | None = key(None, "Seconds the job may run; null: no limit", minimum=1)
    grace_period: Duration = key(60, "Seconds a replica gets to save after SIGTERM", minimum=1)
    suspend: bool = key(False, "Create the job suspended")
    protect_from_drain: bool = key(
        False, "A PodDisruptionBudget: a drain of a node waits for the end of the job instead of failing it"
    )
    priority_class: str | None = key(None, "PriorityClass of the pods")
    queue: str | None = key(None, "Kueue LocalQueue")
    queue_priority: str | None = key(None, "Kueue WorkloadPriorityClass")
    gang: GangConfig = key(GangConfig, "All replicas start together or none")
    managed_by: ManagedBy | None = key(None, "Controller of the job; null: the training-operator")
    success_policy: SuccessPolicy | None = key(
        None, "When a job without a chief has succeeded; refused, since every job of the kit has one"
    )
    evaluator: bool = key(False, "A further replica of role Evaluator, outside the training")
    evaluator_gpus: int = key(0, "GPUs of the evaluator", minimum=0)
    labels: dict[str, Label] = key({}, "Labels of the TFJob and its pods")
    annotations: dict[str, Label] = key({}, "Annotations of the TFJob and its pods")


@dataclass(frozen=True, kw_only=True)
class CodeConfig:
    """Which code a replica runs: the image's, or files that travel with the job."""

    mode: CodeMode = key(
        CodeMode.image, "image: what the image holds; bundle: models/, conf/ and files of here"
    )
    files: list[str] = key(
        [], "Further files of the working directory that a bundle holds: names, folders, globs"
    )


@dataclass(frozen=True, kw_only=True)
class LintConfig:
    """What the lint keeps quiet about."""

    ignore: dict[str, str] = key({}, "Rule -> the reason why its findings are accepted")
