"""The run that this replica belongs to: TFJOB_KIT_CONFIG and TFJOB_KIT_RUN_ID, read once.

Owns reading what the launcher sent. Must not know overrides or files: the launcher has resolved them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, cast

from tfjob_kit import contract, errors
from tfjob_kit.config import plain, schema

__all__ = ["config_digest", "read_mounts", "read_run_config"]

_HINT = "start replicas with `tfjob-kit run`; `tfjob-kit render` shows what they get"


def read_run_config(environ: Mapping[str, str]) -> schema.RunConfig:
    """The resolved config of the run.

    Raises:
        ConfigError: The variable is missing, not YAML, or not a config of this version.
    """
    text = environ.get(contract.CONFIG_ENV)
    if not text:
        raise errors.MissingValue(
            f"{contract.CONFIG_ENV} is not set: there is no config to train", hint=_HINT
        )
    data = _read_yaml(text)
    try:
        return plain.from_plain(data)
    except (ValueError, TypeError, AttributeError) as error:
        raise errors.InvalidValue(
            f"{contract.CONFIG_ENV} is not a config of this version of tfjob-kit: {error}",
            where=contract.CONFIG_ENV,
            hint="launcher and image must have the same version; `tfjob-kit version` prints the launcher's",
        ) from error


def config_digest(environ: Mapping[str, str]) -> str:
    """Short digest of the config as sent; replicas with another one do not belong together."""
    return hashlib.sha256(environ.get(contract.CONFIG_ENV, "").encode()).hexdigest()[:16]


def read_mounts(environ: Mapping[str, str]) -> dict[str, str]:
    """Mount path -> directory of this machine; empty on a cluster, where mounts are real.

    Raises:
        ConfigError: The variable is not a JSON object.
    """
    try:
        mounts: Any = json.loads(environ.get(contract.MOUNTS_ENV) or "{}")
        return {str(k): str(v) for k, v in mounts.items()}
    except (ValueError, AttributeError) as error:
        raise errors.InvalidValue(
            f"{contract.MOUNTS_ENV} is not a JSON object: {error}", where=contract.MOUNTS_ENV
        ) from error


def _read_yaml(text: str) -> dict[str, Any]:
    import yaml

    try:
        data: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        first = " ".join(str(error).split())
        raise errors.InvalidValue(
            f"{contract.CONFIG_ENV} is not YAML: {first}", where=contract.CONFIG_ENV, hint=_HINT
        ) from error
    if not isinstance(data, dict):
        raise errors.InvalidValue(
            f"{contract.CONFIG_ENV} is not a mapping", where=contract.CONFIG_ENV, hint=_HINT
        )
    return cast("dict[str, Any]", data)
