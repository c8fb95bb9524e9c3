"""Where calls of the compiled loop begin and end: pure arithmetic.

Calls end at multiples of `inner_steps` in any run, wherever it was resumed, and saves and evaluations fall on
their ends; so a resumed run meets the same boundaries as one that was never disturbed.
"""

from __future__ import annotations

__all__ = ["next_call", "whole_calls"]


def next_call(step: int, *, inner_steps: int, total_steps: int) -> int:
    """Steps of the next call after `step` finished ones."""
    return min(inner_steps - step % inner_steps, total_steps - step)


def whole_calls(every_steps: int, *, inner_steps: int) -> int:
    """`every_steps`, rounded up to whole calls."""
    return -(-every_steps // inner_steps) * inner_steps
