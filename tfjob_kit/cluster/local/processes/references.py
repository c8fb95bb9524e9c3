"""Variables whose values a cluster would take out of Secrets and ConfigMaps.

There are none of these on one machine. What a person has exported in the shell of the submission stands in
for a single variable of the same name; nothing stands in for a whole object. The values are in the processes
alone: no file of the state directory has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tfjob_kit.cluster.port import Object
from tfjob_kit.cluster.rules.objects import items, part
from tfjob_kit.errors import RefusedError

__all__ = ["check_references", "referenced"]

_KINDS = {"secretKeyRef": "Secret", "configMapKeyRef": "ConfigMap"}
_WHOLE = {"secretRef": "Secret", "configMapRef": "ConfigMap"}


def check_references(container: Object, *, environ: Mapping[str, str]) -> None:
    """Refuses variables that nothing here has a value for.

    Args:
        container: With `env` and `envFrom`.
        environ: Environment of the submission.

    Raises:
        RefusedError: A variable that is not exported, or a whole object.
    """
    for source in items(container, "envFrom"):
        for field, kind in _WHOLE.items():
            if field in source and not part(source, field).get("optional"):
                name = part(source, field).get("name")
                raise RefusedError(
                    f"`envFrom`: the {kind} `{name}` is not on this machine, and its keys are not known here",
                    hint="name its variables one by one in `env_from.secret_keys` or "
                    "`env_from.config_map_keys` and export them, or run on a cluster",
                )
    for variable, kind, source in referenced(container):
        if variable not in environ and not source.get("optional"):
            raise RefusedError(
                f"variable `{variable}`: the {kind} `{source.get('name')}` is not on this machine, "
                f"and no `{variable}` is exported here",
                hint=f"export {variable}=..., or run on a cluster",
            )


def referenced(container: Object) -> Iterator[tuple[str, str, Object]]:
    """Variable, kind of the object, and the reference itself."""
    for entry in items(container, "env"):
        for field, kind in _KINDS.items():
            if source := part(entry, "valueFrom", field):
                yield str(entry["name"]), kind, source
