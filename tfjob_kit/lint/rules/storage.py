"""What outlives a pod: checkpoints and the claims they lie on."""

from __future__ import annotations

from collections.abc import Iterator

from tfjob_kit.lint.job import Job, Role
from tfjob_kit.lint.part import Part
from tfjob_kit.lint.rule import Hit, Rule, Severity
from tfjob_kit.plan.scheduling import QUEUE_LABEL

__all__ = ["RULES"]

_ENDS_WITH_THE_POD = ("emptyDir", "configMap", "secret", "downwardAPI", "projected", "image", "ephemeral")
_REMOTE = ("gs://", "s3://", "s3a://", "hdfs://", "az://", "abfs://", "abfss://", "wasbs://", "oss://")


def _keeps_checkpoints(role: Role) -> bool:
    """Whether something in the pod can be written to and outlives it, or an argument names a remote store."""
    if role.tensorflow is None:
        return True
    lasting = {
        volume.at("name").text
        for volume in role.pod.at("volumes").items()
        if not any(volume.at(kind).exists for kind in _ENDS_WITH_THE_POD)
    }
    mounts = role.tensorflow.part.at("volumeMounts").items()
    if any(m.at("name").text in lasting and not m.at("readOnly").is_true for m in mounts):
        return True
    values = (entry.at("value").text or "" for entry in role.tensorflow.env)
    return any(scheme in text for text in (*_words(role), *values) for scheme in _REMOTE)


def _words(role: Role) -> list[str]:
    return [] if role.tensorflow is None else [word.value for word in role.tensorflow.words]


def _first(job: Job) -> Role | None:
    """The role that writes checkpoints."""
    return job.leader or job.role("Worker")


def _lost_in_queue(job: Job) -> Iterator[Hit]:
    role = _first(job)
    if role is None or not (job.queue or job.policy.at("suspend").is_true) or _keeps_checkpoints(role):
        return
    why = "a queue may preempt the job" if job.queue else "a suspended job has no pods"
    yield Hit(
        _mounts(role), f"{why}, and no volume outlives its pods: its progress is lost with every suspension"
    )


def _lost_at_restart(job: Job) -> Iterator[Hit]:
    role = _first(job)
    if role is None or job.queue or job.policy.at("suspend").is_true or _keeps_checkpoints(role):
        return
    yield Hit(
        _mounts(role),
        "no volume outlives the pods: a pod that is made anew, a suspend or a retry begins at step 0",
    )


def _mounts(role: Role) -> Part:
    return role.tensorflow.part.at("volumeMounts") if role.tensorflow else role.part


def _shared_claim(job: Job) -> Iterator[Hit]:
    if job.replicas < 2:
        return
    single = {_claim_name(other) for other in job.others if _is_single(other)}
    namespace = job.root.at("metadata", "namespace").text
    for role in job.roles:
        for volume in role.pod.at("volumes").items():
            name = volume.at("persistentVolumeClaim", "claimName")
            if name.text and (namespace, name.text) in single:
                yield Hit(
                    name,
                    f"the claim `{name.text}` is ReadWriteOnce: replicas on a second node wait for ever",
                )


def _claim_name(claim: Part) -> tuple[str | None, str | None]:
    return claim.at("metadata", "namespace").text, claim.at("metadata", "name").text


def _is_single(document: Part) -> bool:
    modes = [mode.value for mode in document.at("spec", "accessModes").items()]
    single = modes and all(mode in ("ReadWriteOnce", "ReadWriteOncePod") for mode in modes)
    return document.at("kind").value == "PersistentVolumeClaim" and bool(single)


def _claim(mode: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "checkpoints", "namespace": "default"},
        "spec": {"accessModes": [mode], "resources": {"requests": {"storage": "10Gi"}}},
    }


_SCRATCH = {"main.volumeMounts": [{"name": "shm", "mountPath": "/dev/shm"}]}

RULES = (
    Rule(
        id="progress-lost",
        severity=Severity.warning,
        title="no lasting checkpoints in a queue",
        check=_lost_in_queue,
        fix="mount a PersistentVolumeClaim for checkpoints, or write them to an object store",
        key_fix="set `output.claim` to a PersistentVolumeClaim",
        source="training-operator v1.9.4: suspend deletes every pod; Kueue preempts by suspending",
        good={"metadata.labels": {QUEUE_LABEL: "research"}},
        bad={"metadata.labels": {QUEUE_LABEL: "research"}, **_SCRATCH},
    ),
    Rule(
        id="no-lasting-volume",
        severity=Severity.info,
        title="no lasting checkpoints",
        check=_lost_at_restart,
        fix="mount a PersistentVolumeClaim for checkpoints, or write them to an object store",
        key_fix="set `output.claim` to a PersistentVolumeClaim",
        source="Kubernetes documentation: an emptyDir ends with its pod",
        good={},
        bad=_SCRATCH,
    ),
    Rule(
        id="claim-shared",
        severity=Severity.warning,
        title="a ReadWriteOnce claim for several replicas",
        check=_shared_claim,
        fix="make the claim ReadWriteMany, or keep all replicas on one node",
        source="Kubernetes documentation: access modes; known where the claim is in the same file",
        good={"others": [_claim("ReadWriteMany")]},
        bad={"others": [_claim("ReadWriteOnce")]},
    ),
)
