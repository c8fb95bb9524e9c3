"""What to say when a job's name is taken: by what, how that differs, the ways out.

Owns the comparison of a job that is there with one that would be created under its name.
"""

from __future__ import annotations

from dataclasses import dataclass

from tfjob_kit import errors
from tfjob_kit.cluster import port
from tfjob_kit.jobs.difference import Difference, find_differences, show_value
from tfjob_kit.jobs.job_config import plain_config
from tfjob_kit.jobs.replica_view import part
from tfjob_kit.jobs.view import JobView, build_view

__all__ = ["Existing", "compare_with", "explain_taken"]

_RESIZABLE = ("gpus", "replicas")
_SHOWN = 12


@dataclass(frozen=True, kw_only=True)
class Existing:
    """A job that has the name of one that would be created.

    Attributes:
        is_same: It runs the same config and the same code.
        is_incomplete: Its launcher was killed before everything that it owns was there.
        differences: Keys of the config, and `code`, theirs first; None for a job without a config of ours.
    """

    view: JobView
    is_same: bool
    is_incomplete: bool
    differences: tuple[Difference, ...] | None


def compare_with(existing: port.Object, manifest: port.Object) -> Existing:
    """What a job that is there has to do with the one that would be created under its name."""
    ours, theirs = _fingerprint(manifest), _fingerprint(existing)
    return Existing(
        view=build_view(existing),
        is_same=ours == theirs and ours[0] is not None,
        is_incomplete=port.INCOMPLETE_ANNOTATION in part(existing, "metadata", "annotations"),
        differences=_differences(existing, manifest),
    )


def explain_taken(found: Existing, *, existing: port.Object) -> errors.JobExists:
    """The error for a name that is taken: by what, how that differs, and the ways out."""
    view, name = found.view, found.view.ref.name
    if found.is_same:
        return errors.JobExists(
            f"{name} is there already with this very config and code, and {_is(view)}",
            status=409,
            where=f"{view.ref.namespace}/{name}",
            existing=existing,
            hint=_same_hint(view),
        )
    return errors.JobExists(
        f"another job {name} is there already, and {_is(view)}",
        status=409,
        where=f"{view.ref.namespace}/{name}",
        existing=existing,
        hint="\n".join([*_difference_lines(found), *_ways_out(found)]),
    )


def _is(view: JobView) -> str:
    return f"has {view.state}" if view.is_finished else f"is {view.state}"


def _fingerprint(job: port.Object) -> tuple[str | None, str | None]:
    """Hashes of config and code."""
    return (
        part(job, "metadata", "labels").get(port.CONFIG_HASH_LABEL),
        part(job, "metadata", "annotations").get(port.CODE_HASH_ANNOTATION),
    )


def _differences(existing: port.Object, manifest: port.Object) -> tuple[Difference, ...] | None:
    try:
        theirs, ours = plain_config(existing), plain_config(manifest)
    except errors.RefusedError:
        return None
    their_code, our_code = _fingerprint(existing)[1], _fingerprint(manifest)[1]
    found = find_differences(theirs, ours)
    if their_code and our_code and their_code != our_code:
        found = (*found, Difference(key="code", old=their_code[:8], new=our_code[:8]))
    return found


def _difference_lines(found: Existing) -> list[str]:
    if found.differences is None:
        return ["it was not made by tfjob-kit"]
    lines = [f"{d.key}: {show_value(d.old)} → {show_value(d.new)}" for d in found.differences]
    rest = [f"and {len(lines) - _SHOWN} more: `tfjob-kit diff {found.view.ref.name}`"]
    return lines if len(lines) <= _SHOWN else lines[:_SHOWN] + rest


def _ways_out(found: Existing) -> list[str]:
    name, keys = found.view.ref.name, {d.key for d in found.differences or ()}
    ways = [f"choose another --name, or remove it with `tfjob-kit cancel {name}`"]
    if keys and keys <= set(_RESIZABLE) and not found.view.is_finished:
        changes = " ".join(f"{d.key}={show_value(d.new)}" for d in found.differences or ())
        ways.insert(0, f"`tfjob-kit resize {name} {changes}` changes it and goes on from its checkpoint")
    return ways


def _same_hint(view: JobView) -> str:
    name = view.ref.name
    ways = {
        "Failed": f"`tfjob-kit retry {name}` goes on from its last checkpoint",
        "Succeeded": f"`tfjob-kit status {name}` shows its results",
        "Suspended": f"`tfjob-kit resume {name}` lets it go on",
    }
    first = ways.get(view.state, f"follow it with `tfjob-kit logs {name} --follow`")
    return f"{first}\nanother run needs another --name, or `tfjob-kit cancel {name}` first"
