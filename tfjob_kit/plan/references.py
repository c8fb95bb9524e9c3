"""Names of what a job refers to in its cluster, checked before anything is sent.

The CRD looks at the shape of a pod template alone: a name that Kubernetes refuses leaves a TFJob without any
status, and only an event `FailedCreatePod` tells (training-operator v1.9.4). Rules: kubernetes v1.36
pkg/apis/core/validation, apimachinery pkg/util/validation.
"""

from __future__ import annotations

import re

from tfjob_kit import errors

__all__ = ["check_key", "check_label", "check_label_key", "check_object", "check_resource", "nearest_object"]

_SUBDOMAIN = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")
_LONGEST_SUBDOMAIN = 253
_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.\-]{0,61}[A-Za-z0-9])?")


def check_object(name: str, *, where: str, kind: str) -> str:
    """The name of an object: a DNS subdomain.

    Args:
        name: As it was given.
        where: The config key.
        kind: `PersistentVolumeClaim`, `Secret`.

    Raises:
        InvalidValue: No object can have it.
    """
    if len(name) <= _LONGEST_SUBDOMAIN and _SUBDOMAIN.fullmatch(name):
        return name
    nearest = nearest_object(name)
    raise errors.InvalidValue(
        f"`{name}` cannot be the name of a {kind}",
        where=where,
        nearest=(nearest,) if nearest else (),
        hint="lower-case letters, digits, `-` and `.`, a letter or digit at both ends",
    )


def nearest_object(text: str) -> str | None:
    """A legal name like this text; None where nothing is left of it."""
    clean = re.sub(r"[^a-z0-9.]+", "-", text.lower())[:_LONGEST_SUBDOMAIN].strip("-.")
    return clean if _SUBDOMAIN.fullmatch(clean) else None


def check_key(key: str, *, where: str, kind: str) -> str:
    """A key of a Secret or ConfigMap.

    Raises:
        InvalidValue: None of them can have it.
    """
    if not _KEY.fullmatch(key) or key in (".", "..") or key.startswith(".."):
        raise errors.InvalidValue(
            f"`{key}` cannot be a key of a {kind}", where=where, hint="letters, digits, `-`, `_` and `.`"
        )
    return key


def check_label_key(key: str, *, where: str) -> str:
    """A label's key: `name` or `domain/name`.

    Raises:
        InvalidValue: No label can have it.
    """
    domain, slash, name = key.rpartition("/")
    if not _NAME.fullmatch(name) or (slash and not _is_subdomain(domain)):
        raise errors.InvalidValue(
            f"`{key}` cannot be a label's key", where=where, hint="write `name` or `domain/name`"
        )
    return key


def check_label(key: str, value: str, *, where: str) -> None:
    """A label of nodes and its value.

    Raises:
        InvalidValue: No node can have it.
    """
    check_label_key(key, where=where)
    if value and not _NAME.fullmatch(value):
        raise errors.InvalidValue(
            f"`{value}` cannot be a label's value",
            where=where,
            hint="at most 63 letters, digits, `-`, `_`, `.`; a letter or digit at both ends",
        )


def check_resource(name: str, *, where: str) -> str:
    """The name of an extended resource: `domain/name`.

    Raises:
        InvalidValue: No device plugin can offer it.
    """
    domain, slash, rest = name.rpartition("/")
    is_own = domain == "kubernetes.io" or domain.endswith(".kubernetes.io") or name.startswith("requests.")
    if not slash or is_own or not _is_subdomain(domain) or not _NAME.fullmatch(rest):
        raise errors.InvalidValue(
            f"`{name}` cannot be the resource of a device",
            where=where,
            hint="write `domain/name` as `kubectl describe node` shows it, e.g. `nvidia.com/gpu`",
        )
    return name


def _is_subdomain(text: str) -> bool:
    return len(text) <= _LONGEST_SUBDOMAIN and _SUBDOMAIN.fullmatch(text) is not None
