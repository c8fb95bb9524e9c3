"""Which roles there are, how many replicas, and what is in their pods."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from tfjob_kit import contract
from tfjob_kit.lint.job import ROLES, Job
from tfjob_kit.lint.rule import Edit, Hit, Remove, Rename, Rule, Set, Severity

__all__ = ["RULES"]

_MAKING_PROGRESS = ("Chief", "Master", "Worker")


def _no_roles(job: Job) -> Iterator[Hit]:
    roles = job.spec.at("tfReplicaSpecs")
    if not roles.exists:
        yield Hit(roles, "the webhook refuses a job without roles")
    elif roles.value == {}:
        yield Hit(roles, "a job without roles is accepted and then never looked at")


def _no_container(job: Job) -> Iterator[Hit]:
    for role in job.roles:
        if not list(role.pod.at("containers").items()):
            yield Hit(role.pod.at("containers"), f"{role.key} has no container: the webhook refuses the job")


def _no_image(job: Job) -> Iterator[Hit]:
    for container in job.containers:
        image = container.part.at("image")
        if isinstance(container.part.value, dict) and image.value in (None, ""):
            yield Hit(image, f"a container of {container.role.key} has no image: the job is refused")


def _no_tensorflow(job: Job) -> Iterator[Hit]:
    for role in job.roles:
        plain = [container for container in role.containers if not container.is_init]
        if not plain or role.tensorflow is not None:
            continue
        name, edits = plain[0].part.at("name"), ()
        if len(plain) == 1 and isinstance(plain[0].part.value, dict):
            edits = (Set(path=name.path, value=contract.CONTAINER_NAME),)
        yield Hit(
            name,
            f"no container of {role.key} is named `tensorflow`, which the webhook refuses: TF_CONFIG, exit "
            "code and Service key on the name",
            edits=edits,
        )


def _chief_and_master(job: Job) -> Iterator[Hit]:
    master = job.role("Master")
    if master is not None and job.role("Chief") is not None:
        yield Hit(master.part, "a job has a Chief or a Master, not both")


def _role_twice(job: Job) -> Iterator[Hit]:
    seen: dict[str, str] = {}
    for role in job.roles:
        if role.name in seen:
            yield Hit(role.part, f"`{role.key}` and `{seen[role.name]}` are one role to the operator")
        seen.setdefault(role.name, role.key)


def _unknown_role(job: Job) -> Iterator[Hit]:
    for role in job.roles:
        if not role.is_known:
            near = difflib.get_close_matches(role.key.capitalize(), ROLES, n=1, cutoff=0.6)
            taken = {each.name for each in job.roles}
            can_rename = bool(near) and near[0] not in taken
            yield Hit(
                role.part,
                f"the operator knows no role `{role.key}`: its pods run, the status ignores them and "
                "TensorFlow refuses the cluster",
                fix=f"did you mean `{near[0]}`?" if near else None,
                edits=(Rename(path=role.part.path, key=near[0]),) if can_rename else (),
            )


def _master(job: Job) -> Iterator[Hit]:
    master = job.role("Master")
    if master is not None and job.role("Chief") is None:
        yield Hit(
            master.part,
            "TF_CONFIG calls this task `master`, which MultiWorkerMirroredStrategy refuses",
            edits=(Rename(path=master.part.path, key="Chief"),),
        )


def _no_replicas(job: Job) -> Iterator[Hit]:
    leader = job.leader
    for role in job.roles:
        if role.replicas >= 1:
            continue
        if role.name == "Worker" and leader is not None and leader.replicas >= 1:
            what = "the operator creates and deletes worker-0 in a loop, or fails the job"
        elif role.name in _MAKING_PROGRESS:
            what = "the job counts as Succeeded at once, with a pod that runs on"
        else:
            what = "the role is there without a replica"
        edits: tuple[Edit, ...] = (Remove(path=role.part.path),) if role.name != "Chief" else ()
        yield Hit(
            role.part.at("replicas"),
            f"{role.key} has {role.replicas} replicas: {what}",
            edits=edits if len(job.roles) > 1 else (),
        )


def _one_of_a_kind(job: Job) -> Iterator[Hit]:
    for role in job.roles:
        if role.name in {"Chief", "Master", "Evaluator"} and role.replicas > 1:
            yield Hit(
                role.part.at("replicas"),
                f"TensorFlow takes one {role.key}, not {role.replicas}: ValueError at start",
            )


def _never_succeeds(job: Job) -> Iterator[Hit]:
    known = {role.name for role in job.roles if role.is_known}
    if known and known <= {"PS", "Evaluator"}:
        roles = job.spec.at("tfReplicaSpecs")
        yield Hit(roles, "with neither Chief nor Worker the job never succeeds")


RULES = (
    Rule(
        id="no-roles",
        severity=Severity.error,
        title="no roles",
        check=_no_roles,
        fix="give `tfReplicaSpecs` a Chief, and Workers if there are several replicas",
        source="training-operator v1.9.4, CRD and tfjob_webhook.go; `{}` is accepted, never reconciled",
        good={},
        bad={"spec.tfReplicaSpecs": {}},
    ),
    Rule(
        id="no-container",
        severity=Severity.error,
        title="a role without containers",
        check=_no_container,
        fix="give its template a container named `tensorflow`",
        source="training-operator v1.9.4, tfjob_webhook.go",
        good={},
        bad={"pod.containers": []},
    ),
    Rule(
        id="no-image",
        severity=Severity.error,
        title="a container without an image",
        check=_no_image,
        fix="name its image",
        key_fix="set `site.image`",
        source="training-operator v1.9.4, tfjob_webhook.go",
        good={"main.image": f"registry.example.com/train@sha256:{'1' * 64}"},
        bad={"main.image": ""},
    ),
    Rule(
        id="no-tensorflow-container",
        severity=Severity.error,
        title="no container named `tensorflow`",
        check=_no_tensorflow,
        fix="name the container that trains `tensorflow`",
        source="training-operator v1.9.4, tfjob_webhook.go; TFJobDefaultContainerName",
        good={"main.name": "tensorflow"},
        bad={"main.name": "trainer"},
    ),
    Rule(
        id="chief-and-master",
        severity=Severity.error,
        title="Chief and Master together",
        check=_chief_and_master,
        fix="keep one, spelt `Chief`",
        source="training-operator v1.9.4, tfjob_webhook.go",
        good={},
        bad={"roles.Master": {"replicas": 1, "restartPolicy": "OnFailure"}},
    ),
    Rule(
        id="role-twice",
        severity=Severity.error,
        title="one role under two spellings",
        check=_role_twice,
        fix="keep one of the two",
        source="training-operator v1.9.4, tensorflow_defaults.go folds the case of roles",
        good={},
        bad={"roles.worker": {"replicas": 1, "restartPolicy": "OnFailure"}},
    ),
    Rule(
        id="unknown-role",
        severity=Severity.error,
        title="a role that the operator does not know",
        check=_unknown_role,
        fix=f"roles are {', '.join(ROLES)}",
        source="training-operator v1.9.4, tensorflow_types.go and status of roles",
        good={},
        bad={"roles.Workers": {"replicas": 2, "restartPolicy": "OnFailure"}, "roles.Worker": None},
    ),
    Rule(
        id="master-role",
        severity=Severity.warning,
        title="a Master",
        check=_master,
        fix="call it `Chief`",
        source="TensorFlow 2.21: MultiWorkerMirroredStrategy accepts chief, worker and evaluator tasks",
        good={},
        bad={"roles.Master": {"replicas": 1, "restartPolicy": "OnFailure"}, "roles.Chief": None},
    ),
    Rule(
        id="no-replicas",
        severity=Severity.error,
        title="a role with no replicas",
        check=_no_replicas,
        fix="leave the role out, or give it replicas",
        source="seen on training-operator v1.9.4: 14 pods in 25 s for Worker 0 beside a Chief",
        good={"roles.Worker": None},
        bad={"roles.Worker.replicas": 0},
    ),
    Rule(
        id="one-of-a-kind",
        severity=Severity.error,
        title="several chiefs or evaluators",
        check=_one_of_a_kind,
        fix="write `replicas: 1`; further replicas are Workers",
        source="TensorFlow 2.21, multi_worker_util.py: at most one chief and one evaluator",
        good={"roles.Chief.replicas": 1},
        bad={"roles.Chief.replicas": 2},
    ),
    Rule(
        id="never-succeeds",
        severity=Severity.error,
        title="a job of PS and Evaluator alone",
        check=_never_succeeds,
        fix="give it a Chief or Workers",
        source="training-operator v1.9.4, tfjob_controller.go, UpdateJobStatus",
        good={},
        bad={
            "roles.PS": {"replicas": 1, "restartPolicy": "OnFailure"},
            "roles.Chief": None,
            "roles.Worker": None,
        },
    ),
)
