"""What goes wrong between us and the API server, as one value: from exceptions of urllib3 and the client."""

from __future__ import annotations

import socket

from tfjob_kit.cluster.kube.calls.retries import Failure

__all__ = ["cause_of", "failure_of", "status_failure"]

_LONGEST_BODY = 100_000


def status_failure(status: int, retry_after: str | None, body: bytes) -> Failure:
    """A response that is no success."""
    return Failure(
        kind="status",
        status=int(status),
        retry_after=_seconds(retry_after),
        body=body[:_LONGEST_BODY].decode("utf-8", errors="replace"),
    )


def failure_of(error: BaseException) -> Failure | None:
    """The failure that an exception stands for; None for one that is no trouble of the network."""
    from urllib3 import exceptions as network

    if isinstance(error, network.ProxyError):
        return Failure(kind="unreachable", detail=f"the proxy cannot be reached: {cause_of(error)}")
    if isinstance(error, network.SSLError):
        return Failure(kind="certificate", detail=cause_of(error))
    if isinstance(error, network.NameResolutionError):
        return Failure(kind="unreachable", detail="its name cannot be resolved")
    if isinstance(error, network.NewConnectionError):
        return Failure(kind="unreachable", detail=cause_of(error))
    if isinstance(error, network.ConnectTimeoutError):
        return Failure(kind="unreachable", detail="no connection in time")
    if isinstance(error, network.ReadTimeoutError | network.TimeoutError | TimeoutError):
        return Failure(kind="timeout", detail="no answer in time")
    if isinstance(error, network.IncompleteRead | network.InvalidChunkLength | network.DecodeError):
        return Failure(kind="truncated", detail="the answer was cut off")
    if isinstance(error, network.HTTPError | OSError | ValueError):
        return Failure(kind="reset", detail=cause_of(error))
    return None


def cause_of(error: BaseException) -> str:
    """The text of the cause that knows most: `Connection refused`."""
    seen = error
    while True:
        inner = _inner(seen)
        if inner is None or inner is seen:
            break
        seen = inner
    if isinstance(seen, socket.gaierror):
        return "its name cannot be resolved"
    if isinstance(seen, OSError) and seen.strerror:
        return seen.strerror.lower() if seen.strerror[:2].istitle() else seen.strerror
    return str(seen) or type(seen).__name__


def _inner(error: BaseException) -> BaseException | None:
    if error.__cause__ is not None:
        return error.__cause__
    inside = [
        part for part in (*error.args, getattr(error, "reason", None)) if isinstance(part, BaseException)
    ]
    return inside[0] if inside else error.__context__


def _seconds(text: str | None) -> float | None:
    """`Retry-After` as the API server writes it: whole seconds."""
    try:
        return max(0.0, min(float(text), 60.0)) if text else None
    except ValueError:
        return None
