"""`suspend`, `resume`, `resize`, `retry`, `diff` and lists by state on the local engine."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest

from tfjob_kit import errors
from tfjob_kit.cluster import local
from tfjob_kit.cluster.port import JobRef, PodRef

from .conftest import Kit, eventually

pytestmark = pytest.mark.slow

PROGRAM = """
import json, os, pathlib, signal, sys, time

folder = pathlib.Path(json.loads(os.environ["TFJOB_KIT_MOUNTS"])["/output"])
saved = folder / "step"
step = int(saved.read_text()) if saved.exists() else 0
members = json.loads(os.environ.get("TF_CONFIG", "{}")).get("cluster", {}).get("worker", [])
print(f"begins after step {step} with {len(members)} workers", flush=True)


def end(*_):
    saved.write_text(str(step + 100))
    words = {"status": "stopped", "exit_code": 143, "step": step + 100, "metrics": {}, "restarts": 0}
    pathlib.Path(os.environ["TFJOB_KIT_TERMINATION_LOG"]).write_text(json.dumps(words))
    os._exit(143)


signal.signal(signal.SIGTERM, end)
while True:
    for code in (0, 1):
        if pathlib.Path(f"exit-{code}").exists():
            saved.write_text(str(step + 1))
            sys.exit(code)
    time.sleep(0.02)
"""
RUN = ("model=digits_cnn", "gpus=0", "command=[python,program.py]", "job.restart_policy=Never")


@pytest.fixture
def start(kit: Kit) -> Any:
    """Starts a job whose program counts by hundreds each time it is stopped."""
    (kit.folder / "program.py").write_text(PROGRAM)

    def begin(*overrides: str, name: str = "train", replicas: int = 2) -> None:
        done = kit("run", *RUN, f"replicas={replicas}", *overrides, "--name", name, "--detach")
        assert 0 == done.code, done.err
        says(kit, name, "begins after step 0")

    return begin


def says(kit: Kit, name: str, text: str) -> None:
    """Waits until the chief's newest run has printed it."""
    cluster = local.connect(state_dir=kit.state, cwd=kit.folder)
    chief = PodRef(job=JobRef(namespace="default", name=name), role="chief", index=0)

    def said() -> bool:
        with contextlib.suppress(errors.ClusterError):
            return any(text in entry.text for entry in cluster.logs(chief))
        return False

    eventually(said, what=f"{name} says {text!r}")


def good(kit: Kit, *arguments: str) -> Any:
    done = kit(*arguments)
    assert 0 == done.code, done
    return done


def test_a_suspended_job_goes_on_where_it_saved(kit: Kit, start: Any) -> None:
    start()
    suspended = good(kit, "suspend", "train")
    assert "tfjob/train suspended\n" == suspended.out
    assert "it has saved step 100; `tfjob-kit resume train` lets it go on" in suspended.err
    again = good(kit, "suspend", "train")
    assert "tfjob/train unchanged: it is suspended already\n" == again.out
    assert "it has saved step 100" in again.err
    assert ["train"] == [j["name"] for j in good(kit, "list", "--state", "suspended", "-o", "json").data]
    assert [] == good(kit, "list", "--state", "running,failed", "-o", "json").data

    resumed = good(kit, "resume", "train")
    assert "tfjob/train resumed\n" == resumed.out
    says(kit, "train", "begins after step 100 with 1 workers")
    assert "tfjob/train unchanged: it is not suspended\n" == good(kit, "resume", "train").out


def test_suspension_as_json(kit: Kit, start: Any) -> None:
    start(replicas=1)
    job = {"job": "train", "namespace": "default"}
    suspended = good(kit, "suspend", "train", "-o", "json").data
    assert job | {"suspended": True, "changed": True, "saved_step": 100} == suspended
    resumed = good(kit, "resume", "train", "-o", "json").data
    assert job | {"suspended": False, "changed": True, "saved_step": 100} == resumed


def test_a_running_job_is_resized_and_goes_on(kit: Kit, start: Any) -> None:
    start()
    refused = kit("resize", "train", "replicas=0")
    assert (2, "") == (refused.code, refused.out)
    shown = good(kit, "resize", "train", "replicas=4", "--dry-run", "-o", "json").data
    assert 3 == shown["spec"]["tfReplicaSpecs"]["Worker"]["replicas"]

    resized = good(kit, "resize", "train", "replicas=4")
    assert "tfjob/train resized\n" == resized.out
    assert "now:  chief + 1 worker on CPU" in resized.err
    assert "then: chief + 3 workers on CPU" in resized.err
    says(kit, "train", "begins after step 100 with 3 workers")
    assert "tfjob/train unchanged: it has that size\n" == good(kit, "resize", "train", "replicas=4").out

    good(kit, "resize", "train", "replicas=1")
    says(kit, "train", "begins after step 200 with 0 workers")


def test_a_suspended_job_is_resized_and_stays_suspended(kit: Kit, start: Any) -> None:
    start()
    good(kit, "suspend", "train")
    resized = good(kit, "resize", "train", "replicas=3")
    assert "it stays suspended; `tfjob-kit resume train` lets it go on" in resized.err
    good(kit, "resume", "train")
    says(kit, "train", "begins after step 100 with 2 workers")


def test_a_failed_job_is_retried_from_what_it_saved(kit: Kit, start: Any) -> None:
    start(replicas=1)
    assert 3 == kit("retry", "train").code
    (kit.folder / "exit-1").touch()
    assert 100 == kit("wait", "train").code
    (kit.folder / "exit-1").unlink()

    retried = good(kit, "retry", "train")
    assert "tfjob/train-2 created\n" == retried.out
    assert "attempt 2:" in retried.err
    says(kit, "train-2", "begins after step 1 with 0 workers")
    taken = kit("retry", "train")
    assert 4 == taken.code
    assert "attempt 2 of train is there already: train-2" in taken.err
    # The old job can go: the new one has a copy of its output.
    good(kit, "cancel", "train", "--yes")
    (kit.folder / "exit-0").touch()
    assert 0 == kit("wait", "train-2").code
    assert "train-2 has Succeeded: there is nothing to try again" in kit("retry", "train-2").err


def test_a_jobs_config_is_shown_and_compared(kit: Kit, start: Any) -> None:
    start("+env.PRICE='5$ $(x)'", replicas=1)
    shown = good(kit, "config", "show", "--job", "train", "-o", "json")
    assert "5$ $(x)" == json.loads(shown.out)["env"]["PRICE"]
    same = (*RUN, "replicas=1", "+env.PRICE='5$ $(x)'")
    assert [] == good(kit, "diff", "train", *same, "-o", "json").data
    changed = good(kit, "diff", "train", *same, "train.steps=7").out.splitlines()
    assert [["KEY", "train", "NOW"], ["train.steps", "600", "7"]] == [line.split() for line in changed]


def test_jobs_are_cancelled_by_label(kit: Kit, start: Any) -> None:
    for name, team in (("a-1", "a"), ("a-2", "a"), ("b-1", "b")):
        start(f"+job.labels.team={team}", name=name, replicas=1)
    refused = kit("cancel", "--label", "team=a")
    assert 3 == refused.code
    assert "cancelling deletes 2 jobs of namespace default" in refused.err
    assert "a-1, a-2" in refused.err
    assert "tfjob/a-1 cancelled\ntfjob/a-2 cancelled\n" == good(kit, "cancel", "-l", "team=a", "-y").out
    assert ["b-1"] == kit.jobs()
    assert "no such jobs" in good(kit, "cancel", "-l", "team=a", "-y").err


def test_lines_of_the_run_before(kit: Kit, start: Any) -> None:
    start()
    never = kit("logs", "train", "--previous")
    assert 4 == never.code
    assert "there are no lines of an earlier run of chief-0, worker-0" in never.err
    good(kit, "suspend", "train")
    good(kit, "resume", "train")
    says(kit, "train", "begins after step 100")
    before = good(kit, "logs", "train", "--role", "chief", "--previous").out
    assert "chief-0  | begins after step 0 with 1 workers\n" == before
