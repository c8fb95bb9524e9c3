"""The learning rate as a function of the step.

Owns the shapes. Counts the optimizer's own updates, which are in the checkpoint, so a resumed run goes on
where it was.
"""

from __future__ import annotations

import math

from tfjob_kit.config.schema import ScheduleConfig, ScheduleName

__all__ = ["learning_rate_at"]


def learning_rate_at(step: int, *, peak: float, config: ScheduleConfig, steps: int) -> float:
    """The rate of the update number `step`, counted from 0.

    A linear rise to `peak` over `warmup_steps` updates, then constant, or half a cosine down to 0 at `steps`.
    """
    if step < config.warmup_steps:
        return peak * (step + 1) / config.warmup_steps
    if config.name is ScheduleName.constant:
        return peak
    share = (step - config.warmup_steps) / max(1, steps - config.warmup_steps)
    return peak * 0.5 * (1.0 + math.cos(math.pi * min(1.0, share)))
