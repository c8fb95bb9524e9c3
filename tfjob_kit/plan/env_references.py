"""Variables whose values stay in the cluster: the job names Secrets and ConfigMaps and never holds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from tfjob_kit import errors
from tfjob_kit.config import schema
from tfjob_kit.plan import references

__all__ = ["EnvReference", "EnvSource", "make_env_references", "make_env_sources", "referenced_names"]

_Kind = Literal["Secret", "ConfigMap"]


@dataclass(frozen=True, kw_only=True)
class EnvReference:
    """One variable.

    Attributes:
        variable: Its name.
        kind: Of the object that holds the value.
        name: Of that object.
        key: Of the value in it.
    """

    variable: str
    kind: _Kind
    name: str
    key: str


@dataclass(frozen=True, kw_only=True)
class EnvSource:
    """An object of which every key becomes a variable."""

    kind: _Kind
    name: str


def make_env_references(config: schema.RunConfig, *, is_bundled: bool = False) -> tuple[EnvReference, ...]:
    """The variables of `env_from.secret_keys` and `env_from.config_map_keys`, in their order.

    They win over `site.env` and `communication.env`.

    Args:
        config: The run.
        is_bundled: Code travels with the job, and PYTHONPATH leads to it.

    Raises:
        InvalidValue: Not OBJECT/KEY, or a variable that is set twice.
    """
    found: dict[str, EnvReference] = {}
    for where, reference in _references(config.env_from):
        _check_free(reference.variable, where=where, config=config, taken=found, is_bundled=is_bundled)
        found[reference.variable] = reference
    return tuple(found.values())


def make_env_sources(config: schema.RunConfig) -> tuple[EnvSource, ...]:
    """ConfigMaps, then Secrets, as `env_from` lists them: later ones win, and every single variable over all.

    Raises:
        InvalidValue: A name that no object can have, or one that is listed twice.
    """
    chosen: tuple[tuple[str, _Kind, list[str]], ...] = (
        ("env_from.config_maps", "ConfigMap", config.env_from.config_maps),
        ("env_from.secrets", "Secret", config.env_from.secrets),
    )
    for where, kind, names in chosen:
        for number, name in enumerate(names):
            references.check_object(name, where=f"{where}[{number}]", kind=kind)
            if name in names[:number]:
                raise errors.InvalidValue(f"`{name}` is listed twice", where=f"{where}[{number}]")
    return tuple(EnvSource(kind=kind, name=name) for _, kind, names in chosen for name in names)


def referenced_names(config: schema.RunConfig) -> frozenset[str]:
    """Variables that `env_from` names one by one."""
    return frozenset((*config.env_from.secret_keys, *config.env_from.config_map_keys))


def _references(chosen: schema.EnvFromConfig) -> Iterator[tuple[str, EnvReference]]:
    kinds: tuple[tuple[str, _Kind, Mapping[str, str]], ...] = (
        ("secret_keys", "Secret", chosen.secret_keys),
        ("config_map_keys", "ConfigMap", chosen.config_map_keys),
    )
    for group, kind, variables in kinds:
        for variable, text in variables.items():
            where = f"env_from.{group}.{variable}"
            name, slash, key = text.partition("/")
            if not slash:
                raise errors.InvalidValue(
                    f"`{text}` does not say which key of the {kind} is meant",
                    where=where,
                    hint=f"write {kind.upper()}/KEY, e.g. `{where}={text or 'name'}/key`",
                )
            yield (
                where,
                EnvReference(
                    variable=variable,
                    kind=kind,
                    name=references.check_object(name, where=where, kind=kind),
                    key=references.check_key(key, where=where, kind=kind),
                ),
            )


def _check_free(
    variable: str,
    *,
    where: str,
    config: schema.RunConfig,
    taken: Mapping[str, EnvReference],
    is_bundled: bool,
) -> None:
    other = "env" if variable in config.env else "env_from.secret_keys" if variable in taken else None
    if other is not None:
        raise errors.InvalidValue(
            f"`{variable}` is set twice: in `{other}` too", where=where, hint=f"drop it here or in `{other}`"
        )
    if is_bundled and variable == "PYTHONPATH":
        raise errors.InvalidValue(
            "`PYTHONPATH` leads to the code that travels with the job, so its value must be known here",
            where=where,
            hint="write it in `env.PYTHONPATH`: the job's code comes before it",
        )
