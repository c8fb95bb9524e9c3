"""Addresses and names of one node, of which several live on one machine.

The node has a network namespace of its own. All that the machine sees of it is one end of a link; it ends
with the namespace.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

PREFIX = "tfk"
"""How every name begins that a node gives to something of the machine."""

NODE_END = "node0"
"""The node's end of the link, in its own namespace."""

_LINKS = ipaddress.ip_network("198.18.0.0/15")
"""Set aside for measurements (RFC 2544), so that no machine routes it."""
_LINK_SIZE = 4


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Attributes:
    owner: The process of this machine that holds the node's namespaces.
    machine: The machine's end of the link; the API server listens there.
    node: The node's end; the kubelet listens there.
    pods: Network of the pods.
    bridge: The node's address among its pods; CoreDNS listens there.
    """

    owner: int
    machine: str
    node: str
    pods: str = "10.244.0.0/24"
    bridge: str = "10.244.0.1"

    @property
    def link(self) -> str:
        """Name of the machine's end, at most 15 characters."""
        return f"{PREFIX}{self.owner}"

    @property
    def cgroup(self) -> str:
        """Name below the root of each hierarchy; all pods are in it."""
        return f"{PREFIX}-{self.owner}"


def choose(owner: int) -> Addresses:
    """The addresses of a node: two processes that live at once have different ones."""
    first = int(_LINKS.network_address) + (owner * _LINK_SIZE) % _LINKS.num_addresses
    machine, node = (str(ipaddress.ip_address(first + number)) for number in (1, 2))
    return Addresses(owner=owner, machine=machine, node=node)
