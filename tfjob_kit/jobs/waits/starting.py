"""What a kubelet says about a container that it cannot start.

Reasons and texts of kubelet 1.36 (pkg/kubelet/images, pkg/kubelet/kuberuntime, pkg/volume) and containerd.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tfjob_kit.jobs.ends import start_problem
from tfjob_kit.jobs.replica_view import ReplicaView
from tfjob_kit.jobs.view import EventView
from tfjob_kit.jobs.waits.wait import Reason

__all__ = ["reason_of_kubelet"]

_IMAGE_REASONS = {
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "RegistryUnavailable",
    "ImageInspectError",
}
_MOUNTS = ("FailedMount", "FailedAttachVolume")
_SANDBOX = "FailedCreatePodSandBox"
_IMAGE = re.compile(r'image "(?P<image>[^"]+)"')
_MISSING = re.compile(r'(?P<kind>secret|configmap) "(?P<name>[^"]+)" not found', re.IGNORECASE)
_KEY = re.compile(r"couldn't find key (?P<key>\S+) in (?P<kind>Secret|ConfigMap) (?:[^/\s]*/)?(?P<name>\S+)")
_VOLUME = re.compile(r'MountVolume\.\w+ failed for volume "(?P<volume>[^"]+)" ?: ?(?P<why>.*)', re.DOTALL)
_ELSEWHERE = re.compile(r"Multi-Attach error for volume")
_NAMES = {"secret": "Secret", "configmap": "ConfigMap"}
_PULLS: tuple[tuple[re.Pattern[str], str, str | None], ...] = (
    (
        re.compile(r"unauthori[sz]ed|denied|forbidden|no basic auth|\b40[13]\b", re.IGNORECASE),
        "the registry wants credentials",
        "name a Secret with them in `site.image_pull_secrets`, or check `site.image`",
    ),
    (
        re.compile(r"not ?found|manifest unknown|does not exist|\b404\b", re.IGNORECASE),
        "the registry does not have it",
        None,
    ),
    (
        re.compile(r"toomanyrequests|too many requests|\b429\b", re.IGNORECASE),
        "the registry limits the rate of pulls",
        None,
    ),
    (
        re.compile(r"no such host|refused|timed? ?out|no route|x509|TLS", re.IGNORECASE),
        "the node cannot reach the registry",
        None,
    ),
)
_LONGEST = 200


def reason_of_kubelet(replica: ReplicaView, events: Sequence[EventView]) -> Reason | None:
    """Why a replica that has a node does not run; None: nothing is known to hold it up.

    Args:
        replica: One that waits.
        events: Warnings about it, oldest first.
    """
    said = replica.message or ""
    if replica.reason in _IMAGE_REASONS:
        return _image(replica.reason or "", [said, *(e.message for e in events if "pull" in e.message)])
    if replica.reason == "CreateContainerConfigError":
        why = f"its container cannot be set up: {_short(said)}"
        return _missing(said, kind="config", place="env_from") or Reason(kind="config", why=why)
    if replica.reason == "CrashLoopBackOff":
        return _crash_loop(replica)
    if (problem := start_problem(replica.reason)) is not None:
        detail = f": {_short(said)}" if said else ""
        return Reason(kind="start_error", why=problem + detail, fix="check `command` and `site.image`")
    return _of_events(events)


def _of_events(events: Sequence[EventView]) -> Reason | None:
    """A container that is being created says nothing itself."""
    for event in reversed(events):
        if event.reason in _MOUNTS:
            return _mount(event.message)
        if event.reason == _SANDBOX:
            return Reason(kind="network", why=f"its node cannot set up the pod: {_short(event.message)}")
    return None


def _image(reason: str, texts: Sequence[str]) -> Reason:
    names = [found["image"] for text in texts if (found := _IMAGE.search(text))]
    image = f"the image {names[0]}" if names else "its image"
    if reason == "InvalidImageName":
        return Reason(kind="image", why=f"{image} has a name that is not valid", fix="check `site.image`")
    if reason == "ErrImageNeverPull":
        why = f"{image} is not on the node, and `site.image_pull_policy` is Never"
        return Reason(kind="image", why=why, fix="load it onto the nodes, or set `site.image_pull_policy`")
    why, fix = _pull_problem(" ".join(texts))
    return Reason(kind="image", why=f"{image} cannot be pulled{why}", fix=fix or "check `site.image`")


def _pull_problem(text: str) -> tuple[str, str | None]:
    plain = _IMAGE.sub("", text)
    return next(((f": {why}", fix) for pattern, why, fix in _PULLS if pattern.search(plain)), ("", None))


def _missing(text: str, *, kind: str, place: str) -> Reason | None:
    """An object that the pod names and the namespace has not, or not with that key.

    Args:
        text: What the kubelet says.
        kind: Of the reason.
        place: Key of the config that names such objects.
    """
    if (found := _KEY.search(text)) is not None:
        what = _NAMES[found["kind"].lower()]
        fix = f"add it, or name another in `{place}`: `kubectl describe {what.lower()} {found['name']}`"
        return Reason(kind=kind, why=f"the {what} {found['name']} has no key {found['key']}", fix=fix)
    if (found := _MISSING.search(text)) is not None:
        what = _NAMES[found["kind"].lower()]
        fix = f"create it, or name another in `{place}`: `kubectl get {what.lower()}s`"
        return Reason(kind=kind, why=f"the {what} {found['name']} does not exist", fix=fix)
    return None


def _mount(message: str) -> Reason:
    if (missing := _missing(message, kind="mount", place="volumes")) is not None:
        return missing
    if _ELSEWHERE.search(message):
        why = "its volume is attached to another node and can be on one at a time (ReadWriteOnce)"
        return Reason(kind="mount", why=why, fix="a claim that several nodes can mount (ReadWriteMany)")
    if (found := _VOLUME.search(message)) is not None:
        text = f"its volume {found['volume']} cannot be mounted: {_short(found['why'])}"
        return Reason(kind="mount", why=text)
    return Reason(kind="mount", why=f"its volumes cannot be mounted: {_short(message)}")


def _crash_loop(replica: ReplicaView) -> Reason:
    code = f" with exit code {replica.last_end.exit_code}" if replica.last_end else ""
    why = f"its container ended{code}, again and again, and starts after a pause"
    fix = f"read why: `tfjob-kit logs {replica.pod.job.name} --previous`"
    return Reason(kind="crash_loop", why=why, fix=fix)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST].rstrip()} ..."
