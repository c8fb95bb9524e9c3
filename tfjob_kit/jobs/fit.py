"""Whether a job can fit into a cluster, ever and now: said before it is sent.

Owns the arithmetic of the scheduler as far as a job of equal replicas needs it: resources, node selectors,
taints, cordoned nodes, quotas, host ports, replicas that must have a node each. Never is said only when it
is sure: other affinities, DaemonSets and quotas with scopes are left out, and a cordoned or unready node
counts as one that may come back. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from tfjob_kit.cluster import port
from tfjob_kit.jobs import demand as demands
from tfjob_kit.jobs import slots
from tfjob_kit.jobs.demand import Demand
from tfjob_kit.jobs.node_room import Room, room_of
from tfjob_kit.jobs.quota import judge_quotas

__all__ = ["Fit", "judge_fit"]


@dataclass(frozen=True, kw_only=True)
class Fit:
    """How a job and a cluster go together.

    Attributes:
        verdict: `fits` now, `waits` until others end, `never`, or `unknown` as far as the caller may read.
        text: One clause for people.
        hint: What to change when it never fits; empty otherwise.
    """

    verdict: Literal["fits", "waits", "never", "unknown"]
    text: str
    hint: str = ""


def judge_fit(job: port.Object, capacity: port.Capacity, *, autoscaling: bool = False) -> Fit:
    """Judges a TFJob against what a cluster can hold.

    Args:
        job: The TFJob as it would be sent.
        capacity: What the caller may read.
        autoscaling: Nodes come when pods ask for them: too few nodes are no reason to refuse.
    """
    asked = demands.read_demands(job)
    quota = judge_quotas(asked, capacity.quotas or ())
    if quota.never:
        return Fit(verdict="never", text=quota.never, hint="ask for less, or ask for more quota")
    nodes = _judge_nodes(asked, capacity)
    if nodes.verdict == "never" and autoscaling:
        nodes = Fit(verdict="waits", text=f"waits for nodes that come: {nodes.text}")
    if nodes.verdict == "never" or not quota.now:
        return nodes
    return Fit(verdict="waits", text=quota.now)


def _judge_nodes(asked: Sequence[Demand], capacity: port.Capacity) -> Fit:
    if capacity.nodes is None:
        return Fit(verdict="unknown", text="not known: this account may not read nodes")
    why = next(_impossible(asked, capacity.nodes), None)
    if why is not None:
        return Fit(verdict="never", text=why, hint=_WAYS_OUT)
    if capacity.pods is None:
        return Fit(verdict="unknown", text="large enough; this account may not read what is free")
    free = [room_of(node, pods=capacity.pods) for node in capacity.nodes]
    return _judge_now(asked, free)


_WAYS_OUT = (
    "ask for fewer or smaller replicas (`gpus`, `resources`), or other nodes (`placement`)\n"
    "where nodes come when pods ask for them: `site.autoscaling=true`"
)


def _judge_now(asked: Sequence[Demand], free: Sequence[Room]) -> Fit:
    placed = place(asked, free)
    wanted = sum(demand.count for demand in asked)
    shown = _free_text(asked, free)
    if placed == wanted:
        return Fit(verdict="fits", text=f"fits now: {shown}")
    return Fit(verdict="waits", text=f"{placed} of {wanted} replicas fit now, the others wait: {shown}")


def place(asked: Sequence[Demand], rooms: Sequence[Room]) -> int:
    """Replicas that can be placed at once, the largest first; exact where all replicas are alike."""
    left = list(rooms)
    placed = 0
    for demand in sorted(asked, key=lambda d: -d.resources.get(d.key_resource, Decimal(0))):
        for number, room in enumerate(left):
            count = min(demand.count, room.count(demand)) if room.takes(demand, now=True) else 0
            left[number] = room.without(demand, count)
            placed += count
            demand = demand.less(count)
    return placed


def _free_text(asked: Sequence[Demand], free: Sequence[Room]) -> str:
    key = asked[0].key_resource
    eligible = [room for room in free if any(room.takes(demand, now=False) for demand in asked)]
    left = sum((room.free.get(key, Decimal(0)) for room in eligible if _is_open(room, asked)), Decimal(0))
    total = sum((room.allocatable.get(key, Decimal(0)) for room in eligible), Decimal(0))
    return f"{demands.amount(key, max(left, Decimal(0)))} of {demands.amount(key, total, unit=True)} free"


def _is_open(room: Room, asked: Sequence[Demand]) -> bool:
    return any(room.takes(demand, now=True) for demand in asked)


def _impossible(asked: Sequence[Demand], nodes: Sequence[port.Object]) -> Iterator[str]:
    """Reasons for which the job could not run on the empty cluster."""
    rooms = [room_of(node, pods=()) for node in nodes]
    if not rooms:
        yield "the cluster has no nodes"
        return
    for demand in asked:
        labelled = [room for room in rooms if room.has_labels(demand)]
        open_to_it = [room for room in labelled if room.takes(demand, now=False)]
        if not labelled:
            wanted = ", ".join(f"{key}={value}" for key, value in demand.selector.items())
            yield f"no node has the labels {wanted}"
        elif not open_to_it:
            taints = sorted({text for room in labelled for text in room.taints_against(demand)})
            yield f"every node that it may use is tainted: {', '.join(taints)}"
        else:
            yield from _too_large(demand, open_to_it)
    yield from _too_much(asked, rooms)


def _too_large(demand: Demand, rooms: Sequence[Room]) -> Iterator[str]:
    nodes = "node" if len(rooms) == 1 else f"{len(rooms)} nodes"
    for name, need in demand.resources.items():
        largest = max(slots.there(name, room.allocatable) for room in rooms)
        if need > largest:
            who = f"the largest of {nodes}" if len(rooms) > 1 else "the node"
            needed = demands.amount(name, need, unit=True)
            yield f"a replica needs {needed}, {who} has {demands.amount(name, largest)}"
    held = sum(room.count(demand) for room in rooms)
    if held < demand.count:
        replicas = f"{demand.count} replicas" if demand.count > 1 else "1 replica"
        yield f"{replicas}{_each(demand)}: the {nodes} can hold {held} when empty"


def _each(demand: Demand) -> str:
    if any(slots.is_slot(name) for name in demand.resources):
        return ", one to a node"
    key = demand.key_resource
    return f" with {demands.amount(key, demand.resources[key], unit=True)} each"


def _too_much(asked: Sequence[Demand], rooms: Sequence[Room]) -> Iterator[str]:
    """Sums over replicas of different shapes."""
    for name in dict.fromkeys(name for demand in asked for name in demand.resources):
        need = sum((demand.resources.get(name, Decimal(0)) * demand.count for demand in asked), Decimal(0))
        usable = [room for room in rooms if any(room.takes(demand, now=False) for demand in asked)]
        has = sum((slots.there(name, room.allocatable) for room in usable), Decimal(0))
        if need > has and slots.is_slot(name):
            yield f"the job needs {need} nodes, each for one replica, and there are {has}"
        elif need > has:
            needed = demands.amount(name, need, unit=True)
            yield f"the job needs {needed}, the nodes have {demands.amount(name, has)}"
