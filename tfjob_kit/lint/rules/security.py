"""What pod security refuses, and what should not be in a pod or a manifest."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tfjob_kit.lint.job import Job
from tfjob_kit.lint.rule import Hit, Rule, Severity

__all__ = ["RULES"]

_SECRET_NAME = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_KEY|SECRET_KEY|PRIVATE_KEY|CREDENTIALS?)(?:$|_KEY$)"
)
_SECRET_WORD = re.compile(
    r"--?(?:[a-z0-9]+[-_])*(?:password|secret|token|api[-_]?key|access[-_]?key)=(?P<v>.+)"
)
_NO_VALUE = re.compile(r"\s*(?:\$\(.*\)|\$\{.*\}|\$\w+|/.*|none|null|true|false|\d{1,4})?\s*", re.IGNORECASE)
_HOST = ("hostNetwork", "hostPID", "hostIPC")


def _host_path(job: Job) -> Iterator[Hit]:
    for role in job.roles:
        for volume in role.pod.at("volumes").items():
            if volume.at("hostPath").exists:
                yield Hit(
                    volume.at("hostPath"),
                    "clusters that enforce pod security refuse hostPath volumes, and only events say so",
                )


def _host_namespaces(job: Job) -> Iterator[Hit]:
    for role in job.roles:
        for name in _HOST:
            if role.pod.at(name).is_true:
                yield Hit(
                    role.pod.at(name),
                    f"clusters that enforce pod security refuse {name}, and only events say so",
                )


def _privileged(job: Job) -> Iterator[Hit]:
    for container in job.containers:
        field = container.part.at("securityContext", "privileged")
        if field.is_true:
            yield Hit(
                field, "clusters that enforce pod security refuse privileged containers; only events say so"
            )


def _token(job: Job) -> Iterator[Hit]:
    for role in job.roles:
        field = role.pod.at("automountServiceAccountToken")
        if field.value is None and isinstance(role.pod.value, dict):
            yield Hit(
                field,
                "a token of the service account is mounted, which few trainings need",
            )


def _secrets(job: Job) -> Iterator[Hit]:
    for container in job.containers:
        for entry in container.env:
            name, value = entry.at("name").text or "", entry.at("value")
            if _SECRET_NAME.search(name.upper()) and value.text and not _NO_VALUE.fullmatch(value.text):
                yield Hit(value, f"`{name}` stands here as text, for everybody who may read the TFJob")
        for word in container.words:
            match = _SECRET_WORD.fullmatch(word.value)
            if match and not _NO_VALUE.fullmatch(match["v"]):
                flag = word.value.partition("=")[0]
                yield Hit(word, f"`{flag}` stands here as text, for everybody who may read the TFJob")


def _image(job: Job) -> Iterator[tuple[Hit, bool]]:
    for container in job.containers:
        image = container.part.at("image")
        text = image.text
        if not text or "@" in text:
            continue
        tag = text.rpartition("/")[2].partition(":")[2]
        if tag in {"", "latest"}:
            said = "without a tag" if not tag else "with the tag `latest`"
            yield Hit(image, f"an image {said} may be another one at the next restart of a pod"), True
        else:
            yield (
                Hit(image, "a tag may be moved: replicas made anew may run other code than their peers"),
                False,
            )


def _image_latest(job: Job) -> Iterator[Hit]:
    return (hit for hit, moves in _image(job) if moves)


def _image_tag(job: Job) -> Iterator[Hit]:
    return (hit for hit, moves in _image(job) if not moves)


RULES = (
    Rule(
        id="host-path",
        severity=Severity.warning,
        title="a hostPath volume",
        check=_host_path,
        fix="use a PersistentVolumeClaim where the namespace enforces pod security",
        key_fix="use a claim where the namespace enforces pod security",
        source="Kubernetes documentation: pod security standards, baseline",
        good={},
        bad={"pod.volumes": [{"name": "data", "hostPath": {"path": "/mnt/data"}}]},
    ),
    Rule(
        id="host-namespaces",
        severity=Severity.warning,
        title="the host's network, processes or IPC",
        check=_host_namespaces,
        fix="remove it where the namespace enforces pod security",
        source="Kubernetes documentation: pod security standards, baseline",
        good={"pod.hostIPC": False},
        bad={"pod.hostIPC": True},
    ),
    Rule(
        id="privileged",
        severity=Severity.warning,
        title="a privileged container",
        check=_privileged,
        fix="remove it, or name the capabilities that are needed",
        source="Kubernetes documentation: pod security standards, baseline",
        good={"main.securityContext": {"allowPrivilegeEscalation": False}},
        bad={"main.securityContext": {"privileged": True}},
    ),
    Rule(
        id="token-mounted",
        severity=Severity.info,
        title="a token of the service account in the pod",
        check=_token,
        fix="write `automountServiceAccountToken: false`",
        source="Kubernetes documentation: configure service accounts for pods",
        good={"pod.automountServiceAccountToken": False},
        bad={"pod.automountServiceAccountToken": None},
    ),
    Rule(
        id="secret-as-text",
        severity=Severity.warning,
        title="a secret as text",
        check=_secrets,
        fix="put it into a Secret and refer to it: `valueFrom.secretKeyRef`",
        key_fix="put it into a Secret and refer to it",
        source="Kubernetes documentation: distribute credentials securely using Secrets",
        good={
            "main.env": [
                {"name": "API_KEY", "valueFrom": {"secretKeyRef": {"name": "tracking", "key": "api-key"}}}
            ]
        },
        bad={"main.env": [{"name": "API_KEY", "value": "not-a-real-key"}]},
    ),
    Rule(
        id="image-latest",
        severity=Severity.warning,
        title="an image without a tag, or `latest`",
        check=_image_latest,
        fix="name a version, at best with its digest: `image:1.4@sha256:...`",
        key_fix="name a version in `site.image`, at best with its digest",
        source="Kubernetes documentation: images; `latest` is pulled anew at each start",
        good={"main.image": f"registry.example.com/train:1.4@sha256:{'1' * 64}"},
        bad={"main.image": "registry.example.com/train:latest"},
    ),
    Rule(
        id="image-tag",
        severity=Severity.info,
        title="an image without a digest",
        check=_image_tag,
        fix="add the digest: `image:1.4@sha256:...`",
        key_fix="add the digest in `site.image`",
        source="Kubernetes documentation: image digests",
        good={"main.image": f"registry.example.com/train:1.4@sha256:{'1' * 64}"},
        bad={"main.image": "registry.example.com/train:1.4"},
    ),
)
