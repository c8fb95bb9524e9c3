"""Fake pods that behave like replicas in training, for a cluster that people try things on.

Every running pod prints lines, the job's first replica those of progress, and ends with 0 after its steps.
A pod that carries a `sim/exit-code` annotation is left to that; `sim/steps` chooses how many steps. The
step is remembered per job, so that what was suspended goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.api import MERGE_PATCH, PlaneApi, Refused
from harness.drive import is_running
from harness.logs import Fakelet

TOTAL_STEPS = 240
STEPS_PER_SECOND = 4
SAVE_EVERY = 20
_PRINT_EVERY = 10
_BATCH = 64
_LABEL = "training.kubeflow.org/"


@dataclass
class _Act:
    """One run of one pod's container: at which step of the job it came, and what it has printed."""

    first: int
    began: float
    printed: int


class Actors:
    """All pods of a plane; `tick` is called about once a second."""

    def __init__(self, api: PlaneApi, logs: Fakelet) -> None:
        self._api, self._logs = api, logs
        self._acts: dict[tuple[str, int], _Act] = {}
        self._saved: dict[str, int] = {}

    def tick(self, now: float) -> None:
        """Lets every running pod go on to where it is at `now`, seconds of any steady clock."""
        pods = self._api.request("GET", f"/api/v1/pods?labelSelector={_LABEL}job-name")["items"]
        for pod in pods:
            if is_running(pod) and "sim/exit-code" not in pod["metadata"].get("annotations", {}):
                try:
                    self._play(pod, now)
                except Refused:
                    continue  # deleted between the list and now

    def _play(self, pod: dict[str, Any], now: float) -> None:
        meta, job = pod["metadata"], _owner(pod)
        run = (meta["uid"], pod["status"]["containerStatuses"][0]["restartCount"])
        total = int(meta.get("annotations", {}).get("sim/steps", TOTAL_STEPS))
        if run not in self._acts:
            first = self._saved.get(job, 0)
            self._acts[run] = _Act(first=first, began=now, printed=first)
            self._say(pod, _opening(pod, first, total))
        act = self._acts[run]
        step = min(total, act.first + int((now - act.began) * STEPS_PER_SECOND))
        if _is_first(pod):
            self._saved[job] = max(self._saved.get(job, 0), step - step % SAVE_EVERY)
        if step // _PRINT_EVERY > act.printed // _PRINT_EVERY or step == total:
            act.printed = step
            self._say(pod, _line(pod, step, total))
        if step == total:
            self._end(meta)

    def _say(self, pod: dict[str, Any], text: str) -> None:
        self._logs.write(pod["metadata"]["namespace"], pod["metadata"]["name"], text)

    def _end(self, meta: Mapping[str, Any]) -> None:
        path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"
        self._api.request("PATCH", path, {"metadata": {"annotations": {"sim/exit-code": "0"}}}, MERGE_PATCH)


def _owner(pod: dict[str, Any]) -> str:
    return pod["metadata"]["ownerReferences"][0]["uid"]


def _is_first(pod: dict[str, Any]) -> bool:
    """Whether it is the replica that the operator calls master: the chief, or worker 0 without one."""
    return pod["metadata"]["labels"].get(f"{_LABEL}job-role") == "master"


def _opening(pod: dict[str, Any], first: int, total: int) -> str:
    labels = pod["metadata"]["labels"]
    name = f"{labels[f'{_LABEL}replica-type']} {labels[f'{_LABEL}replica-index']}"
    how = f"resumes after step {first}" if first else "starts"
    return f"{name} of a fake node {how}: {total} steps, {STEPS_PER_SECOND} a second, nothing is computed"


def _line(pod: dict[str, Any], step: int, total: int) -> str:
    if not _is_first(pod):
        return f"step {step} of {total}"
    from tfjob_kit import contract

    return contract.format_progress(
        {
            "step": step,
            "total_steps": total,
            "loss": 2.3 / (1 + step / 20),
            "learning_rate": 0.001,
            "examples_per_second": float(STEPS_PER_SECOND * _BATCH),
            "checkpoint_step": step - step % SAVE_EVERY,
            "eta_seconds": round((total - step) / STEPS_PER_SECOND),
            "restarts": 0,
        }
    )
