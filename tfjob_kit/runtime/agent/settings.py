"""What an agent is started with: read from the environment once, or written out by a test.

Owns where each setting comes from. Must not know sockets or processes.
"""

from __future__ import annotations

import hashlib
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import tfjob_kit
from tfjob_kit import contract, errors
from tfjob_kit.config import schema
from tfjob_kit.runtime import run_config
from tfjob_kit.runtime.agent.announcement import Identity
from tfjob_kit.runtime.agent.decision.situation import Limits
from tfjob_kit.runtime.task import Task, read_task, split_address

__all__ = ["REPORT_FD", "AgentSettings", "TrainerCommands", "read_settings", "termination_log"]

REPORT_FD = 3
"""Descriptor of the report pipe in a cold trainer, and of the socket in a zygote."""

_ALL_INTERFACES, _LOOPBACK = "", "127.0.0.1"
_SAVE_MARGIN = 5
"""Seconds of the grace period that are kept for leaving after the save."""


@dataclass(frozen=True, kw_only=True)
class TrainerCommands:
    """How trainers are started; the arguments of a test are its own programs.

    Attributes:
        zygote: Warm way; None starts each trainer anew. The socket is descriptor REPORT_FD.
        cold: Cold way; `--attempt K` is added. The report pipe is descriptor REPORT_FD.
        environ: Environment of both.
    """

    cold: tuple[str, ...]
    zygote: tuple[str, ...] | None
    environ: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class AgentSettings:
    """One replica's agent.

    Attributes:
        identity: Who it is to its peers.
        chief: Name of the replica of rank 0.
        peers: Host and agent port of every other replica, by name.
        host: Interface to listen on.
        port: The agent's port.
        metrics_port: Port of /metrics; None serves none.
        termination_log: File for the termination message.
        count_file: Where the chief keeps its count of restarts; None on other replicas.
        beat: Seconds between two lines to each peer.
    """

    identity: Identity
    chief: str
    peers: Mapping[str, tuple[str, int]]
    host: str
    port: int
    metrics_port: int | None
    termination_log: Path
    count_file: Path | None
    limits: Limits
    trainers: TrainerCommands
    beat: float = 0.5


def read_settings(environ: Mapping[str, str]) -> AgentSettings:
    """The settings of the replica that this environment describes.

    Raises:
        ConfigError: TF_CONFIG or the config cannot be read, or the replica is an evaluator.
    """
    task = read_task(environ)
    if task.role == "evaluator":
        raise errors.ConfigError(
            "the runtime has no evaluator replica: the chief and the workers evaluate",
            where=contract.TF_CONFIG_ENV,
            hint="remove the role `Evaluator`; `train.evaluate_every_steps` sets how often",
        )
    config = run_config.read_run_config(environ)
    port = _first_port(environ, task)
    is_local = contract.PORT_ENV in environ
    return AgentSettings(
        identity=_identity(environ, task),
        chief=next(iter(task.peers), task.name),
        peers=_peer_ports(task),
        host=_LOOPBACK if is_local else _ALL_INTERFACES,
        port=port + contract.AGENT_PORT_OFFSET,
        metrics_port=port + contract.METRICS_PORT_OFFSET,
        termination_log=termination_log(environ),
        count_file=_count_file(config, environ) if task.is_chief else None,
        limits=_limits(config),
        trainers=_commands(config, environ),
    )


def termination_log(environ: Mapping[str, str]) -> Path:
    """The file for the termination message."""
    return Path(environ.get(contract.TERMINATION_LOG_ENV) or "/dev/termination-log")


def _identity(environ: Mapping[str, str], task: Task) -> Identity:
    both = f"{tfjob_kit.__version__} {run_config.config_digest(environ)}"
    return Identity(
        run_id=environ.get(contract.RUN_ID_ENV, ""),
        code=hashlib.sha256(both.encode()).hexdigest()[:12],
        name=task.name,
        incarnation=secrets.token_hex(6),
    )


def _first_port(environ: Mapping[str, str], task: Task) -> int:
    given = environ.get(contract.PORT_ENV)
    if given:
        try:
            return int(given)
        except ValueError:
            raise errors.InvalidValue(f"{contract.PORT_ENV} is not a port: {given!r}") from None
    own = task.peers.get(task.name)
    return split_address(own)[1] if own else contract.TF_PORT


def _peer_ports(task: Task) -> dict[str, tuple[str, int]]:
    pairs = {name: split_address(address) for name, address in task.peers.items() if name != task.name}
    return {name: (host, port + contract.AGENT_PORT_OFFSET) for name, (host, port) in pairs.items()}


def _count_file(config: schema.RunConfig, environ: Mapping[str, str]) -> Path:
    output = contract.host_path(config.output.dir, run_config.read_mounts(environ))
    return Path(output) / "checkpoints" / "restarts.json"


def _limits(config: schema.RunConfig) -> Limits:
    train, grace = config.train, config.job.grace_period
    return Limits(
        start=train.start_timeout,
        stall=train.stall_timeout,
        stop=max(grace - _SAVE_MARGIN, grace / 2),
        restarts=train.restarts_without_progress,
    )


def _commands(config: schema.RunConfig, environ: Mapping[str, str]) -> TrainerCommands:
    from tfjob_kit.runtime.tf_environment import tensorflow_environment

    python, package = sys.executable, "tfjob_kit.runtime.trainer"
    # A blank TF_CONFIG is a JSON error to TensorFlow; an absent one is not.
    kept = {k: v for k, v in environ.items() if k != contract.TF_CONFIG_ENV or v.strip()}
    return TrainerCommands(
        cold=(python, "-m", package, "--report-fd", str(REPORT_FD)),
        zygote=(python, "-m", f"{package}.zygote", "--socket", str(REPORT_FD))
        if config.train.warm_restart
        else None,
        environ={**tensorflow_environment(config), **kept},
    )
