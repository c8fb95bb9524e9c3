"""Names of jobs: DNS labels short enough for every Service that the operator derives from them.

The operator names pod and Service `<job>-<role>-<index>`; a Service name has at most 63 characters
(training-operator v1.9.4; over-long names leave running pods without any Service, issue 1101).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from tfjob_kit import errors

__all__ = ["check_name", "check_namespace", "generate_name", "longest_name", "program_name"]

_DNS_1035 = re.compile(r"[a-z](?:[-a-z0-9]*[a-z0-9])?")
_DNS_1123 = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_SERVICE_LIMIT = 63


def longest_name(roles: Mapping[str, int]) -> int:
    """Characters that the name may have: 55 with a chief alone, 54 with ten workers, 51 with an evaluator.

    Args:
        roles: Replicas by role, e.g. `{"Chief": 1, "Worker": 3}`.
    """
    return _SERVICE_LIMIT - max(len(f"-{role}-{replicas - 1}") for role, replicas in roles.items())


def check_name(name: str, *, roles: Mapping[str, int]) -> str:
    """The name as it was given.

    Raises:
        InvalidValue: Not a DNS label that begins with a letter, or too long for the job's roles.
    """
    limit = longest_name(roles)
    if len(name) > limit:
        raise errors.InvalidValue(
            f"the job name `{name}` has {len(name)} characters, this job may have {limit}",
            where="name",
            nearest=(_cut(name, limit),),
            hint=f"shorten it to {limit}: Services are named after job, role and index and end at 63",
        )
    if not _DNS_1035.fullmatch(name):
        raise errors.InvalidValue(
            f"`{name}` cannot be a job name",
            where="name",
            nearest=(_clean(name)[:limit].rstrip("-"),),
            hint="lower-case letters, digits and `-`; a letter first, no `-` at the end",
        )
    return name


def check_namespace(name: str) -> str:
    """The namespace as it was given.

    Raises:
        InvalidValue: Not a DNS label (RFC 1123) of at most 63 characters.
    """
    if not _DNS_1123.fullmatch(name):
        raise errors.InvalidValue(
            f"`{name}` cannot be a namespace",
            where="site.namespace",
            nearest=(_cut(re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-"), _SERVICE_LIMIT) or "default",),
            hint="lower-case letters, digits and `-`, at most 63; no `-` at either end",
        )
    return name


def program_name(model: str, *, command: Sequence[str]) -> str:
    """What runs: the model, or of the user's own command its script, module or program.

    `train` of `python /app/train.py`, `vision.train` of `python -m vision.train`, `fit` of `/app/fit`.
    """
    if not command:
        return model
    script = next((word for word in command if word.endswith(".py")), None)
    if script is None and "-m" in command[:-1]:
        return command[[*command].index("-m") + 1]
    return PurePosixPath(script or command[0]).stem


def generate_name(program: str, *, suffix: str, roles: Mapping[str, int]) -> str:
    """`<program>-<suffix>`, the program's part cut where the whole would be too long."""
    room = longest_name(roles) - len(suffix) - 1
    return check_name(f"{_cut(_clean(program), room)}-{suffix}", roles=roles)


def _cut(name: str, length: int) -> str:
    return name[:length].rstrip("-")


def _clean(text: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    if not name:
        return "run"
    return name if name[0].isalpha() else f"run-{name}"
