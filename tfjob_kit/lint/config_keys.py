"""From a place in a kit-made TFJob to the config key that it comes from, and to where that has its value.

Owns the table of the two, which mirrors `manifest.build_tfjob`: that a place is made from a key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tfjob_kit.config import schema
from tfjob_kit.config.grammar.keys import format_path
from tfjob_kit.lint.job import is_gpu
from tfjob_kit.lint.part import Part, Path
from tfjob_kit.lint.rule import Finding
from tfjob_kit.manifest import find_overlay_key
from tfjob_kit.plan import make_overlays
from tfjob_kit.plan.scheduling import QUEUE_LABEL, QUEUE_PRIORITY_LABEL

if TYPE_CHECKING:
    from tfjob_kit.config import Source

__all__ = ["name_keys"]

_ROLES = ("spec", "tfReplicaSpecs")
_POLICY = {
    "cleanPodPolicy": "job.clean_pod_policy",
    "ttlSecondsAfterFinished": "job.ttl",
    "activeDeadlineSeconds": "job.deadline",
    "backoffLimit": "job.backoff_limit",
    "suspend": "job.suspend",
    "managedBy": "job.managed_by",
}
_GANG = {
    "minAvailable": "job.gang.min_available",
    "queue": "job.gang.queue",
    "priorityClass": "job.gang.priority_class",
    "scheduleTimeoutSeconds": "job.gang.timeout",
    "minResources": "job.gang.min_resources",
}
_POD = {
    "nodeSelector": "placement.node_selector",
    "tolerations": "placement.tolerations",
    "topologySpreadConstraints": "placement.topology_spread",
    "serviceAccountName": "placement.service_account",
    "schedulerName": "placement.scheduler",
    "runtimeClassName": "placement.runtime_class",
    "priorityClassName": "job.priority_class",
    "terminationGracePeriodSeconds": "job.grace_period",
    "imagePullSecrets": "site.image_pull_secrets",
    "hostNetwork": "communication.host_network",
    "dnsPolicy": "communication.host_network",
}
_RESOURCES = {
    "cpu": "resources.cpu",
    "memory": "resources.memory",
    "ephemeral-storage": "resources.ephemeral_storage",
}
_CONTAINER = {"image": "site.image", "command": "command", "args": "command", "volumeMounts": "output.claim"}
_SOURCES = {
    "hostPath": "host_path",
    "persistentVolumeClaim": "claim",
    "nfs": "nfs",
    "configMap": "config_map",
    "secret": "secret",
    "emptyDir": "size_limit",
}
_QUEUE_LABELS = {
    QUEUE_LABEL: "job.queue",
    QUEUE_PRIORITY_LABEL: "job.queue_priority",
}


def name_keys(
    findings: Iterable[Finding],
    *,
    manifest: Mapping[str, Any],
    sources: Mapping[str, Source],
    overlay: schema.OverlayConfig | None = None,
) -> tuple[Finding, ...]:
    """The findings of a job that this config made, in words of the config: one for each mistake and key.

    Args:
        findings: Of the manifest.
        manifest: As it was built.
        sources: Of `Composed`: config key -> where its value came from.
        overlay: Of the config; None: nothing was merged into the pod templates.
    """
    overlays = make_overlays(overlay or schema.OverlayConfig())
    named = [
        _named(
            finding, Part((), manifest), sources, find_overlay_key(manifest, finding.path, overlays=overlays)
        )
        for finding in findings
    ]
    # Chief and workers are alike, so that one key makes the same mistake in both.
    return tuple({(each.rule, each.where, each.what): each for each in reversed(named)}.values())[::-1]


def _named(finding: Finding, root: Part, sources: Mapping[str, Source], overlay: str | None) -> Finding:
    key = overlay or config_key(finding.path, root, sources)
    if key is None:
        return finding
    source = _source(key, sources)
    fix = finding.fix if overlay else finding.key_fix or finding.fix
    return replace(finding, key=key, source=source, fix=fix)


def config_key(path: Path, root: Part, sources: Mapping[str, Source]) -> str | None:
    """The key that the place is made from; None where the kit writes it on its own."""
    table = _of_the_job(path)
    if table is None and path[:2] == _ROLES:
        return _of_a_role(path, root, sources)
    return table


def _source(key: str, sources: Mapping[str, Source]) -> Source | None:
    """Of the key; of the first value below it where the key is a section."""
    if key in sources:
        return sources[key]
    below = (source for name, source in sources.items() if name.startswith((f"{key}.", f"{key}[")))
    return next(below, None)


def _of_the_job(path: Path) -> str | None:
    match path:
        case ("metadata", "name"):
            return "name"
        case ("metadata", "namespace"):
            return "site.namespace"
        case ("metadata", "labels", str(label)):
            return _QUEUE_LABELS.get(label) or format_path(("job", "labels", label))
        case ("metadata", "annotations", str(note)):
            return format_path(("job", "annotations", note))
        case ("spec", "successPolicy"):
            return "job.success_policy"
        case ("spec", "runPolicy", "schedulingPolicy", str(field), *_):
            return _GANG.get(field)
        case ("spec", "runPolicy", str(field), *_):
            return _POLICY.get(field)
        case ("spec", "tfReplicaSpecs"):
            return "gpus"
        case _:
            return None


def _of_a_role(path: Path, root: Part, sources: Mapping[str, Source]) -> str | None:
    match path[2:]:
        case (str(role),):
            return "job.evaluator" if role == "Evaluator" else "gpus"
        case (str(role), "replicas"):
            return "job.evaluator" if role == "Evaluator" else "gpus"
        case (_, "restartPolicy"):
            return "job.restart_policy"
        case (_, "template", "metadata", "labels", str(label), *_):
            return format_path(("job", "labels", label))
        case (_, "template", "metadata", "annotations", str(note), *_):
            return format_path(("job", "annotations", note))
        case (_, "template", "spec", "volumes"):
            return "resources.shared_memory"
        case (_, "template", "spec", "volumes", int(), *_):
            return _of_a_volume(root.at(*path[:7]), path[7:], str(path[2]), sources)
        case (_, "template", "spec", "initContainers", int(), *_):
            name = root.at(*path[:7]).at("name").text
            return None if name is None else format_path(("sidecars", name))
        case (_, "template", "spec", "containers", int(), *rest):
            return _of_a_container(rest, root.at(*path[:7]), str(path[2]), sources)
        case (_, "template", "spec", str(field), *_):
            return _POD.get(field)
        case _:
            return None


def _of_a_volume(volume: Part, rest: Path, role: str, sources: Mapping[str, Source]) -> str | None:
    name = volume.at("name").text
    if name == "shm":
        own = f"resources.roles.{role.lower()}.shared_memory"
        source = sources.get(own)
        return own if source is not None and source.kind != "default" else "resources.shared_memory"
    if name == "output":
        return "output.claim"
    if name is None or name == "code":
        return None
    field = next((ours for theirs, ours in _SOURCES.items() if theirs in rest), None)
    key = format_path(("volumes", name))
    return f"{key}.{field}" if field and f"{key}.{field}" in sources else key


def _of_a_container(
    rest: Sequence[str | int], container: Part, role: str, sources: Mapping[str, Source]
) -> str | None:
    match rest:
        case ("env", int(index), *_):
            name = container.at("env", index, "name").text
            keys = [format_path((*place, name)) for place in _ENVS] if name else []
            return next((key for key in keys if key in sources), None)
        case ("resources", _, str(resource), *_):
            own = f"resources.roles.{role.lower()}.{resource}"
            source = sources.get(own)
            if source is not None and source.kind != "default":
                return own
            extra = format_path(("resources", "extra", resource))
            if resource in _RESOURCES or extra in sources:
                return _RESOURCES.get(resource, extra)
            return "gpus" if is_gpu(resource) else "communication.rdma_resource"
        case ("resources", *_):
            return "gpus"
        case ("securityContext", "capabilities", "add", *_):
            return "communication.rdma_resource"
        case (str(field), *_):
            return _CONTAINER.get(field)
        case _:
            return None


_ENVS: tuple[tuple[str, ...], ...] = (
    ("env",),
    ("communication", "env"),
    ("site", "env"),
    ("env_from", "secret_keys"),
    ("env_from", "config_map_keys"),
)
"""Where a variable may come from; the later ones lose (`plan.environment`)."""
