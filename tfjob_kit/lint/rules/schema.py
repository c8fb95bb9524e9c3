"""The document itself: API version, types, fields, name, size."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator

from tfjob_kit.lint.job import Job
from tfjob_kit.lint.rule import Hit, Remove, Rule, Set, Severity

__all__ = ["RULES"]

_DNS_1035 = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")
_SERVICE_LIMIT = 63
_OBJECT_LIMIT, _ANNOTATION_LIMIT = 1_500_000, 256 * 1024
_POLICY_FIELDS = ("cleanPodPolicy", "ttlSecondsAfterFinished", "activeDeadlineSeconds", "backoffLimit")
_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "quantity": "a quantity",
    "object": "a mapping",
    "list": "a list",
}


def _api_version(job: Job) -> Iterator[Hit]:
    version = job.root.at("apiVersion")
    if version.value != "kubeflow.org/v1":
        edits = (Set(path=version.path, value="kubeflow.org/v1"),) if not version.exists else ()
        yield Hit(version, f"the operator serves `kubeflow.org/v1`, not {_shown(version.value)}", edits=edits)


def _malformed(job: Job) -> Iterator[Hit]:
    for problem in job.problems:
        if problem.kind == "type":
            value, wanted = problem.part.value, problem.wanted
            edits: tuple[Set, ...] = ()
            if wanted == "string" and isinstance(value, bool | int | float):
                text = str(value).lower() if isinstance(value, bool) else str(value)
                edits = (Set(path=problem.part.path, value=text),)
            elif wanted == "integer" and isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,9}", value):
                edits = (Set(path=problem.part.path, value=int(value)),)
            fix = f'write it in quotes: "{edits[0].value}"' if edits and wanted == "string" else None
            shown = f'`"{value[:40]}"`' if isinstance(value, str) else _shown(value)
            yield Hit(problem.part, f"{shown} is not {_WORDS[wanted]}", fix=fix, edits=edits)


def _missing(job: Job) -> Iterator[Hit]:
    for problem in job.problems:
        if problem.kind == "missing" and problem.part.path[-1] not in {"containers", "tfReplicaSpecs"}:
            yield Hit(problem.part, f"`{problem.part.path[-1]}` is required here")


def _unknown_field(job: Job) -> Iterator[Hit]:
    for problem in job.problems:
        if problem.kind != "unknown":
            continue
        path = problem.part.path
        name = str(path[-1])
        if path[:-1] == ("spec",) and name in _POLICY_FIELDS:
            target = ("spec", "runPolicy", name)
            can_move = not job.policy.at(name).exists
            edits = (Remove(path=path), Set(path=target, value=problem.part.value)) if can_move else ()
            yield Hit(
                problem.part,
                f"`spec.{name}` is of an API before v1: the server drops it without a word",
                fix=f"write it as `spec.runPolicy.{name}`",
                edits=edits,
            )
            continue
        near = difflib.get_close_matches(name, problem.known, n=1, cutoff=0.6)
        yield Hit(
            problem.part,
            f"the TFJob schema has no field `{name}` here: the server drops it without a word",
            fix=f"did you mean `{near[0]}`?" if near else None,
        )


def _name(job: Job) -> Iterator[Hit]:
    name = job.root.at("metadata", "name")
    if name.value is None and not job.root.at("metadata", "generateName").exists:
        yield Hit(name, "the job has no name", fix="write `metadata.name`")
    elif name.text is not None and not _DNS_1035.fullmatch(name.text):
        yield Hit(name, f"{_shown(name.text)} is no DNS label that begins with a letter")


def _long_name(job: Job) -> Iterator[Hit]:
    name = job.root.at("metadata", "name").text or ""
    if len(name) > _SERVICE_LIMIT:
        return
    longest = max((f"-{role.name}-{max(role.replicas, 1) - 1}" for role in job.roles), key=len, default="")
    if len(name + longest) > _SERVICE_LIMIT:
        yield Hit(
            job.root.at("metadata", "name"),
            f"the Service `{name}{longest.lower()}` would have {len(name + longest)} characters: "
            "pods run, and their Services fail for ever",
            fix=f"shorten it to {_SERVICE_LIMIT - len(longest)} characters",
        )


def _no_run_policy(job: Job) -> Iterator[Hit]:
    if not job.policy.exists and isinstance(job.spec.value, dict):
        yield Hit(
            job.policy,
            "without it `get` and the whole namespace's `list` of the Kubeflow SDK fail",
            edits=(Set(path=job.policy.path, value={}),),
        )


def _too_large(job: Job) -> Iterator[Hit]:
    annotations = job.root.at("metadata", "annotations")
    notes = sum(len(k.encode()) + len((v.text or "").encode()) for k, v in annotations.entries())
    if notes > _ANNOTATION_LIMIT:
        yield Hit(annotations, f"annotations of {notes} bytes are refused: the limit is {_ANNOTATION_LIMIT}")
    try:
        size = len(json.dumps(job.root.value, separators=(",", ":"), default=str))
    except (ValueError, TypeError, RecursionError):
        return
    if size > _OBJECT_LIMIT:
        yield Hit(job.root, f"an object of {size} bytes is refused: the store takes {_OBJECT_LIMIT}")


def _shown(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if value is None:
        return "nothing"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    line = "".join(c if c.isprintable() else "?" for c in text)
    return f"`{line[:57]}...`" if len(line) > 60 else f"`{line}`"


RULES = (
    Rule(
        id="api-version",
        severity=Severity.error,
        title="an API version that is not served",
        check=_api_version,
        fix="write `apiVersion: kubeflow.org/v1`",
        source="training-operator v1.9.4, CRD tfjobs.kubeflow.org: v1 is its only version",
        good={"apiVersion": "kubeflow.org/v1"},
        bad={"apiVersion": "kubeflow.org/v1beta2"},
    ),
    Rule(
        id="malformed",
        severity=Severity.error,
        title="a value of the wrong type",
        check=_malformed,
        fix="write a value of that type",
        source="training-operator v1.9.4, CRD schema of TFJob; the API server refuses the object",
        good={"main.env": [{"name": "STEPS", "value": "100"}]},
        bad={"main.env": [{"name": "STEPS", "value": 100}]},
    ),
    Rule(
        id="missing-field",
        severity=Severity.error,
        title="a required field is missing",
        check=_missing,
        fix="write it",
        source="training-operator v1.9.4, CRD schema of TFJob; the API server refuses the object",
        good={"main.env": [{"name": "STEPS", "value": "100"}]},
        bad={"main.env": [{"value": "100"}]},
    ),
    Rule(
        id="unknown-field",
        severity=Severity.warning,
        title="a field that the schema does not have",
        check=_unknown_field,
        fix="remove it, or submit with strict validation: `kubectl apply --validate=strict`",
        source="training-operator v1.9.4, CRD schema of TFJob; Kubernetes documentation: field pruning",
        good={"policy.cleanPodPolicy": "Running"},
        bad={"spec.cleanPodPolicy": "Running", "policy.cleanPodPolicy": None},
    ),
    Rule(
        id="name-dns",
        severity=Severity.error,
        title="a name that the webhook refuses",
        check=_name,
        fix="lower-case letters, digits and `-`, a letter first, at most 63",
        key_fix="set `name` to lower-case letters, digits and `-`, a letter first",
        source="training-operator v1.9.4, pkg/webhooks/tensorflow/tfjob_webhook.go: DNS-1035",
        good={"metadata.name": "mnist-2"},
        bad={"metadata.name": "2_mnist"},
    ),
    Rule(
        id="name-too-long",
        severity=Severity.error,
        title="a name whose Services would be longer than 63 characters",
        check=_long_name,
        fix="shorten it",
        source="kubeflow/trainer issue 1101; Kubernetes documentation: Service names",
        good={"metadata.name": "a-name-that-is-quite-long-but-has-room-for-worker-2"},
        bad={"metadata.name": "a-name-that-has-room-for-everything-but-not-for-worker-2"},
    ),
    Rule(
        id="no-run-policy",
        severity=Severity.warning,
        title="no run policy",
        check=_no_run_policy,
        fix="write `runPolicy`, even if it is `{}`",
        source="kubeflow-training 1.9.4: `run_policy` is mandatory in KubeflowOrgV1TFJobSpec",
        good={"spec.runPolicy": {"cleanPodPolicy": "Running"}},
        bad={"spec.runPolicy": None},
    ),
    Rule(
        id="too-large",
        severity=Severity.error,
        title="an object or annotations larger than the API server takes",
        check=_too_large,
        fix="put large content into an image, a volume or a ConfigMap",
        source="Kubernetes documentation: annotations of at most 256 KiB; etcd: requests of 1.5 MiB",
        good={"metadata.annotations": {"example.com/note": "short"}},
        bad={"metadata.annotations": {"example.com/notes": "a long text " * 22_000}},
    ),
)
