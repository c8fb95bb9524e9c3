"""Following a job on a screen until it ends, or until the person leaves."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
import threading
from collections.abc import Generator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tfjob_kit import errors
from tfjob_kit.cli import closing, console, interrupts, screens
from tfjob_kit.cluster.port import JobRef
from tfjob_kit.jobs import events

if TYPE_CHECKING:
    from tfjob_kit.cluster.port import Cluster

__all__ = ["follow_to_end", "leaving", "say_how_to_return", "show_finished"]


def follow_to_end(cluster: Cluster, ref: JobRef, *, screen: screens.Screen) -> events.Finished:
    """Shows the job's events and returns the last one.

    Raises:
        KeyboardInterrupt: The person left; how to come back has been said.
        Terminated: So did the tool.
    """
    from tfjob_kit import jobs

    with leaving(ref), contextlib.closing(screen):
        for event in jobs.follow(cluster, ref, stop=threading.Event()):
            screen.show(event)
            if isinstance(event, events.Finished):
                return event
    raise errors.ClusterError(f"the stream of {ref.name} ended before the job")


@contextlib.contextmanager
def leaving(ref: JobRef) -> Generator[None]:
    """Says how to come back to the job when Ctrl-C or SIGTERM ends what stands inside."""
    try:
        yield
    except (KeyboardInterrupt, interrupts.Terminated):
        say_how_to_return(ref)
        raise


def say_how_to_return(ref: JobRef) -> None:
    """After Ctrl-C: the job goes on, and these commands reach it."""
    lines = (
        f"\ndetached; {console.paint(ref.name, 'bold', stream=sys.stderr)} goes on",
        f"  tfjob-kit logs {ref.name} --follow     to come back",
        f"  tfjob-kit status {ref.name}            to look",
        f"  tfjob-kit cancel {ref.name}            to end it",
    )
    console.say("\n".join(lines))


def show_finished(cluster: Cluster, ref: JobRef, finished: events.Finished) -> None:
    """The closing lines of a job that has ended."""
    from tfjob_kit import jobs

    try:
        report = dataclasses.replace(jobs.read_report(cluster, ref), verdict=finished.verdict)
    except errors.JobNotFound:  # deleted, or its TTL is over
        closing.show_verdict(finished.verdict)
        return
    closing.show_report(report, now=datetime.now(UTC))
