"""Every rule, as data, one module per noun; `RULES` has them by id.

Facts: training-operator v1.9.4, read and run; Kubernetes v1.36. A rule never raises and asks no cluster.
"""

from __future__ import annotations

from tfjob_kit.lint.rule import Rule
from tfjob_kit.lint.rules import (
    cleanup,
    network,
    nodes,
    queueing,
    resources,
    restarts,
    roles,
    schema,
    security,
    sidecars,
    storage,
    strategy,
)

__all__ = ["GROUPS", "RULES"]

GROUPS: dict[str, tuple[Rule, ...]] = {
    "Document": schema.RULES,
    "Roles": roles.RULES,
    "Strategy": strategy.RULES,
    "Restarts": restarts.RULES,
    "Clean-up": cleanup.RULES,
    "Network": network.RULES,
    "Resources": resources.RULES,
    "Nodes": nodes.RULES,
    "Sidecars": sidecars.RULES,
    "Queueing": queueing.RULES,
    "Storage": storage.RULES,
    "Security": security.RULES,
}
"""Heading -> its rules, in reading order."""

RULES: dict[str, Rule] = {rule.id: rule for group in GROUPS.values() for rule in group}
