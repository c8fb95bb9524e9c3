"""What a scheduler says about pods that it cannot place.

Texts of kube-scheduler 1.36 (pkg/scheduler/framework/types.go, FitError, and the plugins' reasons), also as
older ones wrote them; of the coscheduling plugin of scheduler-plugins and of Volcano's gang plugin.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tfjob_kit.jobs.waits.neighbours import find_neighbourhood
from tfjob_kit.jobs.waits.wait import Reason

__all__ = ["Asked", "reason_of_scheduler"]

_FIT_ERROR = re.compile(r"0/(?P<nodes>\d+) nodes are available: (?P<reasons>.*)", re.DOTALL)
_COUNTED = re.compile(r"(\d+) (.+?)(?=, \d+ |$)")
_TAINT = re.compile(r"\{(?P<taint>[^}]*)\}")
_CLAIM = re.compile(r'persistentvolumeclaim "(?P<name>[^"]*)" not found')
_GANG = re.compile(r"sibling pods|PodGroup|pod group|gang|minMember|minAvailable", re.IGNORECASE)
_SIZE = re.compile(r"current pods number: (?P<there>\d+), minMember of group: (?P<wanted>\d+)")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What replicas that wait ask for.

    Attributes:
        gpus: Of each replica.
        gpus_in_all: Of all that wait for the same reason.
        memory: Of each replica, as the manifest writes it.
        selector: Labels that the node must have.
    """

    gpus: int
    gpus_in_all: int
    memory: str | None
    selector: Mapping[str, str]


def reason_of_scheduler(message: str, asked: Asked) -> Reason:
    """The scheduler's message in plain words."""
    if _GANG.search(message):
        return _gang(message)
    fit = _FIT_ERROR.match(message.strip())
    if fit is None:
        return Reason(kind="unschedulable", why=f"the scheduler says: {_short(message)}")
    reasons, _, preemption = fit["reasons"].partition(" preemption:")
    text = re.split(r"\. (?:no new claims|preemption|not found)|\.?$", reasons.strip())[0].rstrip(". ")
    if (claim := _volume_reason(text)) is not None:
        return claim
    counted = [(int(count), what) for count, what in _COUNTED.findall(text)]
    total = int(fit["nodes"])
    if not counted:
        why = f"no node is fit: {_short(text)}" if total else "the cluster has no nodes"
        return Reason(kind="unschedulable", why=why)
    return _of_nodes(counted, total, asked, is_too_large=_is_too_large(counted, preemption))


def _of_nodes(counted: Sequence[tuple[int, str]], total: int, asked: Asked, *, is_too_large: bool) -> Reason:
    fixes = [fix for _, what in counted if (fix := _fix(what, asked, is_too_large=is_too_large))]
    fix = fixes[0] if fixes else None
    short = _shortage(counted, asked) if not is_too_large else ""
    if len(counted) == 1:
        return Reason(
            kind="unschedulable",
            why=short + _of_all(counted[0][1], asked, is_too_large=is_too_large),
            fix=fix,
        )
    parts = [f"{count} {_of_some(what, count, asked)}" for count, what in counted]
    listed = f"{', '.join(parts[:-1])} and {parts[-1]}"
    nodes = "node" if total == 1 else "nodes"
    return Reason(kind="unschedulable", why=f"{short}of {total} {nodes} {listed}", fix=fix)


def _shortage(counted: Sequence[tuple[int, str]], asked: Asked) -> str:
    """Only where GPUs are what is missing."""
    if not asked.gpus_in_all or not any(_gpu(what) for _, what in counted):
        return ""
    return "1 GPU short: " if asked.gpus_in_all == 1 else f"{asked.gpus_in_all} GPUs short: "


def _is_too_large(counted: Sequence[tuple[int, str]], preemption: str) -> bool:
    """No node could hold the pod even when empty.

    A node on which preemption might help but finds no victims is counted as "No preemption victims found";
    one that is too small as "Preemption is not helpful" (kube-scheduler from 1.32 on).
    """
    is_short = any(what.startswith("Insufficient ") for _, what in counted)
    return is_short and "not helpful" in preemption and "No preemption victims" not in preemption


def _of_all(what: str, asked: Asked, *, is_too_large: bool) -> str:
    """One reason that holds for every node."""
    if (resource := _resource(what)) is not None:
        size = _size(resource, asked)
        if is_too_large and _gpu(what) and asked.gpus == 1:
            return f"no node has any {resource}"
        if is_too_large:
            return f"no node is large enough: a replica asks for {size}"
        return f"no node has {size if _gpu(what) else f'enough {resource}'} free"
    if _is_selector(what):
        return f"no node {_labels(asked)}"
    if "taint" in what:
        return f"every node has a taint that is not tolerated{_taint(what)}"
    if "were unschedulable" in what:
        return "every node is cordoned"
    if (near := find_neighbourhood(what)) is not None:
        return near.of_all
    return f"no node is fit: {_plain(what)}"


def _of_some(what: str, count: int, asked: Asked) -> str:
    """One reason of several, after the number of nodes that it holds for."""
    have, lack, are = ("has", "lacks", "is") if count == 1 else ("have", "lack", "are")
    if (resource := _resource(what)) is not None:
        if not _gpu(what):
            return f"{lack} {resource}"
        return f"{have} {f'fewer than {asked.gpus}' if asked.gpus > 1 else 'no'} {resource} free"
    if _is_selector(what):
        return f"{lack} the labels asked for" if asked.selector else f"{lack} what the affinity asks for"
    if "taint" in what:
        return f"{have} a taint that is not tolerated{_taint(what)}"
    if "were unschedulable" in what:
        return f"{are} cordoned"
    if (near := find_neighbourhood(what)) is not None:
        return near.of_one if count == 1 else near.of_many
    return f"{are} unfit: {_plain(what)}"


def _fix(what: str, asked: Asked, *, is_too_large: bool) -> str | None:
    if _gpu(what) and is_too_large:
        return "ask for fewer GPUs per replica: `gpus=REPLICASxEACH`"
    if _resource(what) is not None and is_too_large:
        return "ask for less in `resources`"
    if _is_selector(what):
        return "check the GPU type in `gpus` and `placement.node_selector` against `kubectl get nodes -L KEY`"
    if "taint" in what:
        return "add the taint to `placement.tolerations`, if the job may run there"
    near = find_neighbourhood(what)
    return None if near is None else near.fix


def _resource(what: str) -> str | None:
    return what.removeprefix("Insufficient ") if what.startswith("Insufficient ") else None


def _gpu(what: str) -> bool:
    return (_resource(what) or "").partition("/")[2].startswith(("gpu", "mig-"))


def _size(resource: str, asked: Asked) -> str:
    if "/" in resource:
        return f"{asked.gpus} {resource}" if asked.gpus > 1 else resource
    return f"{asked.memory} of memory" if resource == "memory" and asked.memory else f"more {resource}"


def _is_selector(what: str) -> bool:
    return "node affinity/selector" in what or "node selector" in what


def _labels(asked: Asked) -> str:
    if not asked.selector:
        return "matches the node affinity asked for"
    labels = ", ".join(f"{key}={value}" for key, value in asked.selector.items())
    return f"has the label{'s' if len(asked.selector) > 1 else ''} {labels}"


def _taint(what: str) -> str:
    """Schedulers up to 1.33 name it."""
    found = _TAINT.search(what)
    return f" ({found['taint'].strip().rstrip(':').rstrip()})" if found else ""


def _plain(what: str) -> str:
    return what.removeprefix("node(s) ")


def _volume_reason(text: str) -> Reason | None:
    if (claim := _CLAIM.search(text)) is not None:
        return Reason(
            kind="mount",
            why=f"the PersistentVolumeClaim {claim['name']} does not exist",
            fix=f"create the claim, or check `volumes`: `kubectl get pvc {claim['name']}`",
        )
    if "unbound immediate PersistentVolumeClaims" in text or "persistent volumes to bind" in text:
        why = "the PersistentVolumeClaim is not bound to a volume yet"
        return Reason(kind="mount", why=why, fix="`kubectl get pvc` and `kubectl describe pvc NAME` say why")
    if "volume node affinity conflict" in text:
        why = "the volume can be mounted on other nodes only"
        return Reason(kind="mount", why=why, fix="a claim that every node can mount (ReadWriteMany)")
    return None


def _gang(message: str) -> Reason:
    why = "all replicas start together or none"
    size = _SIZE.search(message)
    if size is not None:
        why += f", and {size['there']} of {size['wanted']} are there"
    else:
        why += f": {_short(message)}"
    return Reason(kind="gang", why=why)


def _short(text: str, longest: int = 160) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[:longest].rstrip()} ..."
