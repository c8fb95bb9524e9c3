"""Events about a job and its pods.

The API server can select events by one name at a time and not by a prefix. A job of a few replicas is asked
for name by name; for a large one the whole namespace's events are read and sorted out here. Events of 500
other jobs, some 8 MB, would make a `status` of one job take seconds.
"""

from __future__ import annotations

import re
from typing import Any

from tfjob_kit import errors
from tfjob_kit.cluster.kube.calls.api import Api
from tfjob_kit.cluster.kube.calls.call import Call
from tfjob_kit.cluster.kube.calls.resources import EVENTS, TFJOBS
from tfjob_kit.cluster.kube.listing import Listing, list_all
from tfjob_kit.cluster.port import JobRef, Object

__all__ = ["Subject", "initial_events", "read_events"]

_FEW_NAMES = 9
"""A chief and eight workers: so many small requests take about as long as one page of 500 events."""
_POD = re.compile(r"(?P<job>.+)-[a-z]+-\d+")


class Subject:
    """Whether an event is about a job, or about any job.

    Args:
        name: The job; None for all jobs of the namespace.
    """

    def __init__(self, name: str | None) -> None:
        self._name = name

    def is_about(self, event: Object) -> bool:
        """Whether the event belongs to the job or to a pod of its name."""
        about: Object = event.get("involvedObject") or {}
        kind, name = about.get("kind"), str(about.get("name", ""))
        if kind == "TFJob":
            return self._name in (None, name)
        if kind != "Pod":
            return False
        pod = _POD.fullmatch(name)
        return pod is not None and self._name in (None, pod["job"])


def read_events(api: Api, ref: JobRef) -> list[Object]:
    """Events of the job and its pods, also of pods that are gone; oldest first."""
    return sorted(_events(api, ref), key=_time)


def initial_events(api: Api, *, namespace: str, name: str | None) -> Listing:
    """What a watch of events begins with, and the version it goes on from."""
    if name is None:
        listing = list_all(api, EVENTS, namespace=namespace)
        subject = Subject(None)
        return Listing(items=[e for e in listing.items if subject.is_about(e)], version=listing.version)
    # One event's page gives the version; what happens from here on, the watch will tell.
    page = api.ask(Call(verb="list", resource=EVENTS, namespace=namespace, query={"limit": "1"}))
    metadata: Object = page.get("metadata") or {}
    version = str(metadata.get("resourceVersion") or "")
    return Listing(items=read_events(api, JobRef(namespace=namespace, name=name)), version=version)


def _events(api: Api, ref: JobRef) -> list[Object]:
    job = _job(api, ref)
    events = _events_of_names(api, ref, [ref.name] if job is None else _names(job))
    return events if job is None else [event for event in events if not _is_older(event, job)]


def _events_of_names(api: Api, ref: JobRef, names: list[str]) -> list[Object]:
    if len(names) > _FEW_NAMES:
        subject = Subject(ref.name)
        listed = list_all(api, EVENTS, namespace=ref.namespace).items
        return [event for event in listed if subject.is_about(event)]
    found: dict[str, Object] = {}
    for name in names:
        query = {"fieldSelector": f"involvedObject.name={name}"}
        listed = list_all(api, EVENTS, namespace=ref.namespace, query=query).items
        found |= {e["metadata"]["uid"]: e for e in listed if Subject(ref.name).is_about(e)}
    return list(found.values())


def _job(api: Api, ref: JobRef) -> Object | None:
    try:
        return api.ask(Call(verb="get", resource=TFJOBS, namespace=ref.namespace, name=ref.name))
    except errors.JobNotFound:
        return None


def _names(job: Object) -> list[str]:
    """The job and its pods as its spec has them: a pod that is gone has left its events."""
    name = job["metadata"]["name"]
    roles: dict[str, Any] = job["spec"].get("tfReplicaSpecs") or {}
    sizes = {role.lower(): spec.get("replicas", 1) for role, spec in roles.items()}
    return [name, *(f"{name}-{role}-{i}" for role, size in sizes.items() for i in range(size))]


def _is_older(event: Object, job: Object) -> bool:
    """Whether it tells of an earlier job that had the same name: events stay for an hour."""
    about: Object = event["involvedObject"]
    if about.get("kind") == "TFJob":
        return about.get("uid") != job["metadata"]["uid"]
    return str(event["metadata"]["creationTimestamp"]) < str(job["metadata"]["creationTimestamp"])


def _time(event: Object) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or event["metadata"]["creationTimestamp"])
