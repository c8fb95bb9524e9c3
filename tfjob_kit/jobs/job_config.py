"""The config that a job carries: what it runs, read back from the cluster.

Owns finding TFJOB_KIT_CONFIG in a TFJob and undoing what was done to it for the kubelet.
"""

from __future__ import annotations

from typing import Any, cast

from tfjob_kit import config as configs
from tfjob_kit import contract, errors
from tfjob_kit.cluster import port
from tfjob_kit.config import plain, schema
from tfjob_kit.jobs.replica_view import items, part
from tfjob_kit.plan import environment

__all__ = ["config_text", "plain_config", "read_config", "shown_config", "tensorflow_container"]


def config_text(job: port.Object) -> str:
    """The resolved config as its replicas get it: YAML of `config.to_yaml`.

    Raises:
        RefusedError: The job was not made by tfjob-kit.
    """
    for entry in items(tensorflow_container(job), "env"):
        if entry.get("name") == contract.CONFIG_ENV and entry.get("value"):
            return environment.unescape(entry["value"])
    name = job["metadata"]["name"]
    raise errors.RefusedError(
        f"{name} carries no config of tfjob-kit",
        hint=f"it was made by other means; `kubectl get tfjob {name} -o yaml` shows it as it is",
    )


def plain_config(job: port.Object) -> dict[str, Any]:
    """The same as plain data with every key, whatever version of tfjob-kit wrote it.

    Raises:
        RefusedError: The job carries no config, or one that is no YAML mapping.
    """
    import yaml

    text = config_text(job)
    try:
        data: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise _unreadable(job, " ".join(str(error).split())) from error
    if not isinstance(data, dict):
        raise _unreadable(job, "it is no mapping")
    return plain.with_defaults(cast("dict[str, Any]", data))


def read_config(job: port.Object) -> schema.RunConfig:
    """The config as this version understands it.

    Raises:
        RefusedError: The job carries none, or one of another version.
    """
    try:
        return plain.from_plain(plain_config(job))
    except (ValueError, TypeError, AttributeError) as error:
        raise _unreadable(job, str(error)) from error


def shown_config(job: port.Object) -> configs.Composed:
    """The config as `config.show` takes it; sources are not known any more.

    Raises:
        RefusedError: As read_config.
    """
    return configs.Composed(config=read_config(job), sources={}, warnings=(), conf_dirs=())


def tensorflow_container(job: port.Object) -> dict[str, Any]:
    """The container that trains, of the job's first role; empty where there is none."""
    roles: dict[str, Any] = part(job, "spec", "tfReplicaSpecs")
    for role in roles.values():
        for container in items(part(role, "template", "spec"), "containers"):
            if container.get("name") == contract.CONTAINER_NAME:
                return container
    return {}


def _unreadable(job: port.Object, why: str) -> errors.RefusedError:
    annotations = part(job, "metadata", "annotations")
    version = annotations.get("tfjob-kit/version", "another version")
    return errors.RefusedError(
        f"the config of {job['metadata']['name']} cannot be read by this version of tfjob-kit: {why}",
        hint=f"the job was made by tfjob-kit {version}; `tfjob-kit version` prints this one",
    )
