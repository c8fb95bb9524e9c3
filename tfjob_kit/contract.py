"""What launcher and runtime say to each other: environment, progress lines, termination message, exit codes.

The two programs never import each other; this module is all they share, so it imports the standard
library alone. Change it and both sides change.
"""

from __future__ import annotations

import enum
import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = [
    "AGENT_PORT_OFFSET",
    "CODE_PATH",
    "CONFIG_ENV",
    "CONTAINER_NAME",
    "GPUS_ENV",
    "METRICS_PORT_OFFSET",
    "MOUNTS_ENV",
    "PORT_ENV",
    "PROGRESS_PREFIX",
    "RUNTIME_MODULE",
    "RUN_ID_ENV",
    "TERMINATION_LIMIT_BYTES",
    "TERMINATION_LOG_ENV",
    "TF_CONFIG_ENV",
    "TF_PORT",
    "ReplicaExit",
    "Termination",
    "format_progress",
    "host_path",
    "parse_progress",
]

# --- names -------------------------------------------------------------------------------------

CONTAINER_NAME = "tensorflow"
"""The operator finds TF_CONFIG, exit code and ports by this container name (validating webhook, v1.9.4)."""

RUNTIME_MODULE = "tfjob_kit.runtime"
"""`python -m` this is the shipped runtime."""

# --- environment of a replica --------------------------------------------------------------------

CONFIG_ENV = "TFJOB_KIT_CONFIG"
"""The resolved RunConfig as YAML; `$(` is written `$$(` in the pod template and arrives as `$(`."""

RUN_ID_ENV = "TFJOB_KIT_RUN_ID"
"""Job name and config hash, made by the plan; agents of another run id are strangers."""

TF_CONFIG_ENV = "TF_CONFIG"
"""Set by the operator (or the local engine); absent when the job has one replica."""

PORT_ENV = "TFJOB_KIT_PORT"
"""First of this replica's ports; set by the local engine only. Default: the port of the replica's own
address in TF_CONFIG, else TF_PORT."""

MOUNTS_ENV = "TFJOB_KIT_MOUNTS"
"""JSON object mount path -> directory of this machine; set by the local engine only, which has no mounts."""

GPUS_ENV = "TFJOB_KIT_GPUS"
"""GPUs that this replica claims; the local engine writes 0 when it lets replicas train on the CPU instead.
TensorFlow must see exactly so many, or the replica ends with GPU_CHECK."""

TERMINATION_LOG_ENV = "TFJOB_KIT_TERMINATION_LOG"
"""File for the termination message; default /dev/termination-log, as the kubelet has it."""

CODE_PATH = "/tfjob-kit/code"
"""Where the files of `code=bundle` are mounted: working directory of the container, and on its PYTHONPATH."""

# --- ports ---------------------------------------------------------------------------------------

TF_PORT = 2222
"""TensorFlow's gRPC server, the operator's default for `tfjob-port`."""
AGENT_PORT_OFFSET = 1
"""Agents of a job meet on the TF port plus this."""
METRICS_PORT_OFFSET = 2
"""Each replica serves /metrics on the TF port plus this."""


class ReplicaExit(enum.IntEnum):
    """Exit codes of a replica. Under restart policy ExitCode the operator restarts codes >= 128 only."""

    DONE = 0
    ERROR = 1
    BAD_CONFIG = 2
    GPU_CHECK = 3
    BAD_DATA = 4
    NO_PROGRESS = 5
    RETRY = 143

    @property
    def meaning(self) -> str:
        """One phrase for verdicts."""
        return _MEANINGS[self]


_MEANINGS = {
    ReplicaExit.DONE: "done",
    ReplicaExit.ERROR: "training error",
    ReplicaExit.BAD_CONFIG: "bad config",
    ReplicaExit.GPU_CHECK: "GPU check failed",
    ReplicaExit.BAD_DATA: "bad data",
    ReplicaExit.NO_PROGRESS: "too many restarts without progress",
    ReplicaExit.RETRY: "retryable: peers missing at start, or asked to stop and saved",
}

# --- progress lines ------------------------------------------------------------------------------

PROGRESS_PREFIX = "[progress] "


def format_progress(values: Mapping[str, int | float | str]) -> str:
    """One line for stdout: `[progress] step=20 total_steps=600 loss=0.4211 ...`.

    `key=value` pairs, so that Katib's StdOut collector reads them too. Usual keys: step, total_steps,
    loss, learning_rate, examples_per_second (whole job), replicas, eta_seconds, checkpoint_step,
    restarts, and `eval_<metric>` after an evaluation.
    """
    return PROGRESS_PREFIX + " ".join(f"{k}={_format_value(v)}" for k, v in values.items())


def parse_progress(line: str) -> dict[str, int | float | str] | None:
    """The values of a progress line; None when the line is not one or is cut in the middle."""
    if not line.startswith(PROGRESS_PREFIX):
        return None
    try:
        words = shlex.split(line.removeprefix(PROGRESS_PREFIX))
    except ValueError:
        return None
    pairs = [word.partition("=") for word in words]
    if not pairs or any(not separator for _, separator, _ in pairs):
        return None
    return {key: _parse_value(text) for key, _, text in pairs}


def _format_value(value: int | float | str) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value) if isinstance(value, int) else shlex.quote(value)


def _parse_value(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


# --- termination message -------------------------------------------------------------------------

TERMINATION_LIMIT_BYTES = 4096
"""The kubelet keeps this much of a container's termination message."""


@dataclass(frozen=True, kw_only=True)
class Termination:
    """How a replica ended, in its own words; JSON of at most TERMINATION_LIMIT_BYTES.

    Attributes:
        status: `succeeded`, `failed` (permanent) or `stopped` (saved; may go on later).
        exit_code: The replica's own exit code.
        step: Last finished step; None when training never began.
        metrics: Final metrics on the whole evaluation set, by name.
        restarts: Trainer restarts that the agent survived.
        error: Class and text of what went wrong, one line.
        hint: What to do about it, one sentence.
        where: `file:line` of the user's code, or the phase (barrier, gpu check, restore, train, ...).
    """

    status: str
    exit_code: int
    step: int | None = None
    metrics: dict[str, float] = field(default_factory=dict[str, float])
    restarts: int = 0
    error: str | None = None
    hint: str | None = None
    where: str | None = None

    def to_json(self) -> str:
        """Compact JSON; the error text is cut in its middle when the whole would be too long."""
        room = TERMINATION_LIMIT_BYTES
        data = asdict(self)
        text = json.dumps(data, separators=(",", ":"))
        while len(text) > room and data["error"]:
            half = max(0, (len(data["error"]) - (len(text) - room) - 8) // 2)
            error: str = data["error"]
            data["error"] = f"{error[:half]} ... {error[-half:]}" if half > 8 else None
            text = json.dumps(data, separators=(",", ":"))
        return text

    @classmethod
    def from_json(cls, text: str) -> Termination | None:
        """The message back; None when the text is not one of ours (a user's own program, cut, empty)."""
        try:
            data: dict[str, Any] = json.loads(text)
            return cls(**data)
        except (ValueError, TypeError):
            return None


# --- paths ---------------------------------------------------------------------------------------


def host_path(path: str, mounts: Mapping[str, str]) -> str:
    """`path` inside the container as a path of this machine; unchanged when no mount covers it.

    Args:
        path: An absolute path as the config writes it, e.g. `/output/checkpoints`.
        mounts: MOUNTS_ENV, decoded; the longest mount path that is a parent wins.
    """
    clean = os.path.normpath(path)
    for mount in sorted(mounts, key=len, reverse=True):
        if clean == mount or clean.startswith(mount.rstrip("/") + "/"):
            return mounts[mount] + clean.removeprefix(mount.rstrip("/"))
    return path
