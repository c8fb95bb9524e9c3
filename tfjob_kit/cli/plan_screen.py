"""The plan on the screen: what will be created, of what, whether it fits, what is doubtful about it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tfjob_kit.cli import console

if TYPE_CHECKING:
    from tfjob_kit.cli.prepare import Prepared
    from tfjob_kit.cluster.port import Cluster
    from tfjob_kit.jobs.fit import Fit

__all__ = ["show_plan"]

_WIDTH = 13


def show_plan(prepared: Prepared, *, cluster: Cluster, fit: Fit | None) -> None:
    """Says the plan on stderr.

    Args:
        prepared: The plan.
        cluster: Where it goes.
        fit: Whether it fits there; None where nobody was asked.
    """
    from tfjob_kit import manifest, plan

    console.say(f"plan: {prepared.description}")
    rows = plan.outline_plan(
        prepared.plan,
        config=prepared.config,
        has_images=cluster.name != "local",
        keeps_scratch=cluster.keeps_scratch,
    )
    overlays = {role.name: role.overlays for role in prepared.plan.roles}
    changes = manifest.describe_overlays(overlays)
    rows += (("overlay", f"changes {changes}"),) if changes else ()
    for label, text in (*rows, *(() if fit is None else (("capacity", fit.text),))):
        console.say(f"  {console.paint(label.ljust(_WIDTH), 'dim', stream=sys.stderr)}{text}")
    prepared.say_findings()
    if fit is not None and fit.verdict == "waits":
        console.warn("it does not fit now: replicas wait until there is room")
