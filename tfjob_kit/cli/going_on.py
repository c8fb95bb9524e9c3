"""From where a job goes on, in words."""

from __future__ import annotations

from tfjob_kit.jobs.output import Output

__all__ = ["describe_start"]


def describe_start(output: Output, *, step: int | None, is_runtime: bool) -> str:
    """`it goes on from step 340; its output is in the claim data`.

    Args:
        output: The job's output.
        step: Step of its last checkpoint; None when nobody said.
        is_runtime: It runs the shipped runtime; a program of the user's begins where it likes.
    """
    if not is_runtime:
        return f"where its program begins is its own matter; {output.text}"
    if output.survives is False:
        return f"it begins at step 0: {output.text}"
    begin = "its newest checkpoint" if step is None else f"step {step}"
    return f"it goes on from {begin}; {output.text}"
