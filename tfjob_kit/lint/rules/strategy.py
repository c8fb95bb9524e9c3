"""What TensorFlow makes of the job: TF_CONFIG, strategies, collectives, batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from tfjob_kit import contract
from tfjob_kit.config import schema
from tfjob_kit.lint.job import Job
from tfjob_kit.lint.rule import Hit, Remove, Rule, Set, Severity
from tfjob_kit.lint.spelling import nearest_value

__all__ = ["RULES"]

_SUCCESS_POLICIES = ("", "AllWorkers")
_FIXED = ("NCCL_ALGO", "NCCL_PROTO")


def _no_tf_config(job: Job) -> Iterator[Hit]:
    if job.replicas == 1 and not job.is_runtime:
        has_own = any(e.at("name").value == contract.TF_CONFIG_ENV for m in job.mains for e in m.env)
        if job.mains and not has_own:
            yield Hit(
                job.spec.at("tfReplicaSpecs"),
                "one replica gets no TF_CONFIG: a program that indexes it crashes",
            )


def _tf_config_set(job: Job) -> Iterator[Hit]:
    if job.replicas < 2:
        return
    for container in job.mains:
        for entry in container.env:
            if entry.at("name").value == contract.TF_CONFIG_ENV:
                yield Hit(entry, "the operator's own TF_CONFIG replaces it", edits=(Remove(path=entry.path),))


def _init_tf_config(job: Job) -> Iterator[Hit]:
    for container in job.containers:
        if container.is_init:
            for word in container.words:
                if contract.TF_CONFIG_ENV in word.value:
                    yield Hit(word, "TF_CONFIG is set in the container `tensorflow` alone, not here")


def _dynamic_worker(job: Job) -> Iterator[Hit]:
    field = job.spec.at("enableDynamicWorker")
    if field.is_true and (job.leader is not None or job.is_mwms):
        who = "a chief" if job.leader is not None else "MultiWorkerMirroredStrategy"
        yield Hit(field, f"its sparse TF_CONFIG is unusable with {who}", edits=(Remove(path=field.path),))


def _ps(job: Job) -> Iterator[Hit]:
    ps = job.role("PS")
    if ps is not None and job.is_mwms:
        yield Hit(ps.part, "ps-0 would lead the coordination of MultiWorkerMirroredStrategy, which has no PS")


def _success_policy(job: Job) -> Iterator[Hit]:
    field = job.spec.at("successPolicy")
    if field.text is not None and field.text not in _SUCCESS_POLICIES:
        near = nearest_value(field.text, _SUCCESS_POLICIES)
        yield Hit(
            field,
            f"`{field.text}` is no success policy: the default rule applies",
            edits=(Set(path=field.path, value=near),) if near else (),
        )


def _success_policy_ignored(job: Job) -> Iterator[Hit]:
    field = job.spec.at("successPolicy")
    if field.text == "AllWorkers" and (leader := job.leader) is not None:
        yield Hit(
            field,
            f"with a {leader.key} the job succeeds when that does, whatever this says",
            edits=(Remove(path=field.path),),
        )


def _nccl(job: Job) -> Iterator[Hit]:
    for container in job.mains:
        for entry in container.env:
            name = entry.at("name").value
            if name in _FIXED:
                yield Hit(
                    entry,
                    f"`{name}` takes NCCL's choice away and may be slow, crash or hang",
                    fix=f"remove `{name}` unless you have measured it",
                    key_fix=f"remove `{name}` unless you have measured it",
                    edits=(Remove(path=entry.path),),
                )
            elif name == "NCCL_DEBUG" and str(entry.at("value").value).upper() in {"INFO", "TRACE"}:
                yield Hit(
                    entry,
                    "NCCL_DEBUG writes a line for every collective or ring: logs grow and training slows",
                    fix="remove it, or write `WARN`",
                    edits=(Remove(path=entry.path),),
                )


def _batch(job: Job) -> Iterator[Hit]:
    train: Any = job.config.get("train", {})
    # The config that travels leaves out what nobody set.
    default = schema.TrainConfig().global_batch_size
    batch: Any = (
        cast("dict[str, Any]", train).get("global_batch_size", default) if isinstance(train, dict) else 0
    )
    if not job.is_runtime or not isinstance(batch, int) or isinstance(batch, bool) or batch < 1:
        return
    count = sum(role.replicas * max(1, role.gpus) for role in job.trainers if role.replicas > 0)
    if count > 1 and batch % count:
        lower, upper = batch - batch % count, batch - batch % count + count
        near = f"{lower} or {upper}" if lower else str(upper)
        yield Hit(
            job.spec.at("tfReplicaSpecs"),
            f"the global batch of {batch} examples in TFJOB_KIT_CONFIG does not divide among {count} devices",
            fix=f"make it {near}, or change the number of replicas: `tfjob-kit resize` checks it",
            key_fix=f"set `train.global_batch_size` to {near}",
        )


RULES = (
    Rule(
        id="no-tf-config",
        severity=Severity.info,
        title="one replica, and so no TF_CONFIG",
        check=_no_tf_config,
        fix="read it with a default: `os.environ.get('TF_CONFIG')`, as the shipped runtime does",
        source="training-operator v1.9.4, pkg/controller.v1/tensorflow/pod.go, isDistributed",
        good={},
        bad={"roles.Worker": None},
    ),
    Rule(
        id="tf-config-set",
        severity=Severity.warning,
        title="TF_CONFIG set by hand",
        check=_tf_config_set,
        fix="remove it",
        source="training-operator v1.9.4, pod.go: its entry comes later and wins",
        good={"main.env": [{"name": "STEPS", "value": "100"}]},
        bad={"main.env": [{"name": "TF_CONFIG", "value": "{}"}]},
    ),
    Rule(
        id="init-tf-config",
        severity=Severity.warning,
        title="TF_CONFIG in an init container",
        check=_init_tf_config,
        fix="read it in the container `tensorflow`",
        source="training-operator v1.9.4, pod.go, setClusterSpec",
        good={"pod.initContainers": [{"name": "wait", "image": "busybox:1.37", "command": ["true"]}]},
        bad={
            "pod.initContainers": [
                {"name": "wait", "image": "busybox:1.37", "command": ["sh", "-c", "echo $TF_CONFIG"]}
            ]
        },
    ),
    Rule(
        id="dynamic-worker",
        severity=Severity.error,
        title="enableDynamicWorker with a chief or MultiWorkerMirroredStrategy",
        check=_dynamic_worker,
        fix="remove `enableDynamicWorker`",
        source="kubeflow/trainer issue 1763; TypeError or ValueError in TensorFlow 2.21",
        good={"spec.enableDynamicWorker": False},
        bad={"spec.enableDynamicWorker": True},
    ),
    Rule(
        id="ps-with-mwms",
        severity=Severity.error,
        title="parameter servers beside MultiWorkerMirroredStrategy",
        check=_ps,
        fix="remove the role PS",
        source="TensorFlow 2.21, multi_worker_util.py: ps-0 leads coordination where there is a PS",
        good={"main.command": ["python", "train.py", "--strategy=multi_worker_mirrored"]},
        bad={
            "main.command": ["python", "train.py", "--strategy=multi_worker_mirrored"],
            "roles.PS": {"replicas": 1, "restartPolicy": "OnFailure"},
        },
    ),
    Rule(
        id="success-policy-unknown",
        severity=Severity.warning,
        title="a misspelt success policy",
        check=_success_policy,
        fix="write `AllWorkers`, or leave it out",
        source="training-operator v1.9.4, tfjob_controller.go: any other text is the default rule",
        good={"roles.Chief": None, "spec.successPolicy": "AllWorkers"},
        bad={"roles.Chief": None, "spec.successPolicy": "allWorkers"},
    ),
    Rule(
        id="success-policy-ignored",
        severity=Severity.warning,
        title="a success policy beside a chief",
        check=_success_policy_ignored,
        fix="remove it",
        source="training-operator v1.9.4, tfjob_controller.go, UpdateJobStatus",
        good={"roles.Chief": None, "spec.successPolicy": "AllWorkers"},
        bad={"spec.successPolicy": "AllWorkers"},
    ),
    Rule(
        id="nccl-fixed",
        severity=Severity.warning,
        title="NCCL's choices or debugging fixed by variables",
        check=_nccl,
        fix="remove it",
        source="NVIDIA NCCL documentation, environment variables: for debugging, not for production",
        good={"main.env": [{"name": "NCCL_SOCKET_IFNAME", "value": "eth0"}]},
        bad={"main.env": [{"name": "NCCL_ALGO", "value": "Ring"}]},
    ),
    Rule(
        id="batch-not-divisible",
        severity=Severity.error,
        title="a global batch that the devices cannot share evenly",
        check=_batch,
        fix="make the batch a multiple of replicas x GPUs",
        key_fix="set `train.global_batch_size` to a multiple of replicas x GPUs",
        source="the shipped runtime: each replica takes an equal slice of every batch",
        good={
            "main.command": ["python", "-m", contract.RUNTIME_MODULE],
            "main.env": [{"name": contract.CONFIG_ENV, "value": "train: {global_batch_size: 64}\n"}],
        },
        bad={
            "main.command": ["python", "-m", contract.RUNTIME_MODULE],
            "main.env": [{"name": contract.CONFIG_ENV, "value": "train: {global_batch_size: 66}\n"}],
        },
    ),
)
