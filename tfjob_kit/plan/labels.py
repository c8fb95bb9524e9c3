"""Labels and annotations of the TFJob and its pods."""

from __future__ import annotations

import re

import tfjob_kit
from tfjob_kit import errors
from tfjob_kit.config import schema
from tfjob_kit.plan.git_facts import GitFacts
from tfjob_kit.plan.names import program_name

__all__ = ["OWNED_PREFIXES", "make_annotations", "make_facts", "make_labels"]

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.\-]{0,61}[A-Za-z0-9])?")
_NAME_EDGES = re.compile(r"^[^A-Za-z0-9]+|[^A-Za-z0-9]+$")
_PREFIX = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?")
OWNED_PREFIXES = ("training.kubeflow.org/", "tfjob-kit/")
"""Of labels and annotations that the operator and the kit write."""


def make_labels(config: schema.RunConfig, *, name: str, config_hash: str) -> dict[str, str]:
    """The user's labels and ours; ours tell kubectl which pods belong to which config.

    Raises:
        InvalidValue: A key or value that Kubernetes refuses, or a key that is not the user's to set.
    """
    for key, value in config.job.labels.items():
        _check_key(key, where=f"job.labels.{key}")
        if value and not _NAME.fullmatch(value):
            raise errors.InvalidValue(
                f"`{value}` cannot be a label's value",
                where=f"job.labels.{key}",
                hint="at most 63 letters, digits, `-`, `_`, `.`; longer text goes into `job.annotations`",
            )
    program = program_name(config.model.name, command=config.command)
    own = {
        "app.kubernetes.io/managed-by": "tfjob-kit",
        "app.kubernetes.io/name": _label_value(program) or "tfjob",
        "app.kubernetes.io/instance": name,
        "tfjob-kit/config-hash": config_hash,
    }
    return own | config.job.labels


def make_annotations(config: schema.RunConfig, *, config_sha256: str) -> dict[str, str]:
    """The user's annotations and ours: who made the job, and out of which config.

    Raises:
        InvalidValue: A key that Kubernetes refuses or that is not the user's to set.
    """
    for key in config.job.annotations:
        _check_key(key, where=f"job.annotations.{key}")
    own = {"tfjob-kit/version": tfjob_kit.__version__, "tfjob-kit/config-sha256": config_sha256}
    return own | config.job.annotations


def make_facts(git: GitFacts | None, *, code_sha256: str | None) -> dict[str, str]:
    """Annotations of the TFJob alone: which code it was submitted with."""
    facts = {} if git is None else git.annotations
    return facts | ({"tfjob-kit/code-sha256": code_sha256} if code_sha256 else {})


def _check_key(key: str, *, where: str) -> None:
    prefix, _, name = key.rpartition("/")
    if not _NAME.fullmatch(name) or ("/" in key and not _PREFIX.fullmatch(prefix)):
        raise errors.InvalidValue(
            f"`{key}` cannot be a key of labels or annotations",
            where=where,
            hint="write `name` or `domain/name`",
        )
    for taken in OWNED_PREFIXES:
        if key.startswith(taken):
            raise errors.InvalidValue(f"keys under `{taken}` are not the user's to set", where=where)


def _label_value(text: str) -> str:
    return _NAME_EDGES.sub("", re.sub(r"[^A-Za-z0-9_.\-]+", "-", text)[:63])
