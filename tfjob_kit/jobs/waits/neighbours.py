"""What a scheduler says when a node would do but for the pods that are on it, or are not.

Texts of kube-scheduler 1.36: pkg/scheduler/framework/plugins/{interpodaffinity,podtopologyspread,nodeports}.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Neighbourhood", "find_neighbourhood"]


@dataclass(frozen=True, kw_only=True)
class Neighbourhood:
    """One such reason.

    Attributes:
        text: Part of what the scheduler says of nodes.
        of_all: Where it holds for every node.
        of_one, of_many: After the number of nodes, where others have other reasons.
        fix: What to change.
    """

    text: str
    of_all: str
    of_one: str
    of_many: str
    fix: str


_KNOWN = (
    Neighbourhood(
        text="didn't match pod anti-affinity rules",
        of_all="every node that would do has a replica of the job, and they must be apart",
        of_one="has a replica of the job beside which there may be no other",
        of_many="have a replica of the job beside which there may be no other",
        fix="fewer replicas with more GPUs each, or `placement.strict=false`",
    ),
    Neighbourhood(
        text="didn't match pod affinity rules",
        of_all="no node is where the job's other replicas are, and they must be together",
        of_one="is not where the other replicas must be",
        of_many="are not where the other replicas must be",
        fix="pack by a wider label, e.g. `placement.pack_by=zone`, or `placement.strict=false`",
    ),
    Neighbourhood(
        text="didn't match pod topology spread constraints",
        of_all="on every node the replicas would be spread too unevenly",
        of_one="would have too many replicas",
        of_many="would have too many replicas",
        fix="allow a larger difference in `placement.topology_spread`, or `placement.strict=false`",
    ),
    Neighbourhood(
        text="didn't have free ports",
        of_all="on every node another pod has the ports that the job needs of it",
        of_one="has the job's ports taken",
        of_many="have the job's ports taken",
        fix="`communication.host_network=false`, or fewer replicas: each needs a node of its own",
    ),
)


def find_neighbourhood(what: str) -> Neighbourhood | None:
    """The reason that the scheduler gives for some of the nodes; None where it is another kind."""
    return next((known for known in _KNOWN if known.text in what), None)
