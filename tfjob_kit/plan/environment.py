"""Environment of each replica: what the kit sets and what the user adds.

Owns the order of precedence and the escaping. The kubelet expands `$(NAME)` in values and reads `$$` as `$`
(kubernetes v1.36, third_party/forked/golang/expansion), so every value is written such that it arrives as
it was meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tfjob_kit import contract, errors
from tfjob_kit.config import schema
from tfjob_kit.plan.env_references import referenced_names

__all__ = ["check_env_name", "escape", "make_environment", "unescape"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")


def make_environment(
    config: schema.RunConfig,
    *,
    config_yaml: str,
    run_id: str,
    gpus_per_replica: int,
    code_path: str | None = None,
) -> tuple[tuple[str, str], ...]:
    """Names and escaped values: site, communication, run, where later ones win; the kit's own last.

    What `env_from` names one by one wins over site and communication and is left out here.

    Raises:
        InvalidValue: A name that no variable can have, or one that belongs to the kit or the operator.
    """
    values: dict[str, str] = {}
    for key, chosen in (
        ("site.env", config.site.env),
        ("communication.env", config.communication.env),
        ("env", config.env),
    ):
        _check_names(chosen, key=key)
        values |= chosen
    for group in ("secret_keys", "config_map_keys"):
        _check_names(getattr(config.env_from, group), key=f"env_from.{group}")
    values = {name: value for name, value in values.items() if name not in referenced_names(config)}
    if code_path is not None:
        # A variable of the pod replaces the image's: what the image's own PYTHONPATH says is lost.
        values["PYTHONPATH"] = ":".join(filter(None, (code_path, values.get("PYTHONPATH"))))
    values |= {
        contract.RUN_ID_ENV: run_id,
        contract.GPUS_ENV: str(gpus_per_replica),
        contract.CONFIG_ENV: config_yaml,
    }
    return tuple((name, escape(value)) for name, value in values.items())


def escape(value: str) -> str:
    """The text that the kubelet turns into `value`."""
    return re.sub(r"\$(?=[$(])", "$$", value)


def unescape(text: str) -> str:
    """The value that `escape` wrote down."""
    return text.replace("$$", "$")


def check_env_name(name: str, *, where: str) -> None:
    """Refuses what no variable of a container can be called.

    Raises:
        InvalidValue: At `where`, the config key.
    """
    if not _NAME.fullmatch(name):
        raise errors.InvalidValue(f"`{name}` cannot name an environment variable", where=where)


def _check_names(values: Mapping[str, str], *, key: str) -> None:
    for name in values:
        check_env_name(name, where=f"{key}.{name}")
        if name == contract.TF_CONFIG_ENV:
            raise errors.InvalidValue(
                "`TF_CONFIG` is set by the operator, which would replace this value",
                where=f"{key}.{name}",
                hint="remove it; `gpus` and `replicas` decide what it says",
            )
        if name.startswith("TFJOB_KIT_"):
            raise errors.InvalidValue(
                f"`{name}` belongs to tfjob-kit", where=f"{key}.{name}", hint="choose a name of your own"
            )
