"""What will happen: everything about one job decided before anything is written down or sent.

Owns topology, names, quantities, environment, volumes, policies and the rules that refuse a job which
cannot work. Pure: a RunConfig goes in, a JobPlan comes out; no clock, randomness, environment or files.
Must not know how a TFJob spells any of it (`manifest`) nor what an engine can do (`cluster`).
"""

from __future__ import annotations

from tfjob_kit.plan.description import describe_plan
from tfjob_kit.plan.git_facts import GitFacts
from tfjob_kit.plan.job_plan import JobPlan, Mount, Overlay, Role, SchedulingPolicy, Sidecar
from tfjob_kit.plan.make import make_plan
from tfjob_kit.plan.names import longest_name
from tfjob_kit.plan.notes import make_notes
from tfjob_kit.plan.outline import outline_plan
from tfjob_kit.plan.roles import make_overlays
from tfjob_kit.plan.topology import Topology

__all__ = [
    "GitFacts",
    "JobPlan",
    "Mount",
    "Overlay",
    "Role",
    "SchedulingPolicy",
    "Sidecar",
    "Topology",
    "describe_plan",
    "longest_name",
    "make_notes",
    "make_overlays",
    "make_plan",
    "outline_plan",
]
