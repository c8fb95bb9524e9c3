"""What a job owns beside its pods: ConfigMaps that its pods mount, and PodDisruptionBudgets."""

from __future__ import annotations

from tfjob_kit import errors
from tfjob_kit.cluster.kube.calls.api import Api
from tfjob_kit.cluster.kube.calls.call import Call
from tfjob_kit.cluster.kube.calls.resources import BUDGETS, CONFIG_MAPS, TFJOBS
from tfjob_kit.cluster.kube.listing import list_all
from tfjob_kit.cluster.port import JobRef, Object
from tfjob_kit.cluster.rules.objects import items, part

__all__ = ["read_companions"]


def read_companions(api: Api, ref: JobRef) -> list[Object]:
    """The job's companions by kind and name; those that may not be read are left out.

    ConfigMaps are asked for by the names that the job's templates mount: a namespace's list of them may hold
    the code of every other job.

    Raises:
        JobNotFound: No job of that name.
    """
    job = api.ask(Call(verb="get", resource=TFJOBS, namespace=ref.namespace, name=ref.name))
    found = [_config_map(api, ref.namespace, name) for name in sorted(_mounted(job))]
    candidates = [thing for thing in found if thing is not None] + _budgets(api, ref.namespace)
    uid = job["metadata"]["uid"]
    return [thing for thing in candidates if _is_owned(thing, uid)]


def _mounted(job: Object) -> set[str]:
    roles: dict[str, Object] = job["spec"].get("tfReplicaSpecs") or {}
    names: set[str] = set()
    for role in roles.values():
        template: Object = role.get("template") or {}
        for volume in items(template, "spec", "volumes"):
            names |= {name for name in (part(volume, "configMap").get("name"),) if name}
    return names


def _config_map(api: Api, namespace: str, name: str) -> Object | None:
    try:
        return api.ask(Call(verb="get", resource=CONFIG_MAPS, namespace=namespace, name=name))
    except errors.ClusterError as error:
        return _unless(error)


def _budgets(api: Api, namespace: str) -> list[Object]:
    try:
        listed = list_all(api, BUDGETS, namespace=namespace).items
    except errors.ClusterError as error:
        _unless(error)
        return []
    return sorted(listed, key=lambda thing: str(thing["metadata"]["name"]))


def _unless(error: errors.ClusterError) -> None:
    """Swallows what only says that there is nothing for us to see."""
    if error.status not in {403, 404}:
        raise error


def _is_owned(thing: Object, uid: str) -> bool:
    owners: list[Object] = thing["metadata"].get("ownerReferences") or []
    return any(owner.get("uid") == uid for owner in owners)
