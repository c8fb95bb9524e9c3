"""Replicas killed on the way: the job goes on from its checkpoint and ends in the very same weights."""

from __future__ import annotations

import os
import re
import signal

import pytest

pytestmark = [pytest.mark.tf, pytest.mark.slow]

STEPS = 1200
RUN = (
    "model=digits_cnn",
    "gpus=2",
    f"train.steps={STEPS}",
    "train.checkpoint.every_steps=100",
    "train.checkpoint.keep=20",
    "train.progress_every=1",
)


@pytest.fixture(scope="module")
def undisturbed(new_kit, tensors):
    kit = new_kit()
    kit.submit("undisturbed", *RUN)
    assert kit("wait", "undisturbed").returncode == 0
    return tensors(kit.checkpoint("undisturbed", STEPS))


@pytest.mark.parametrize("kind", ["trainer", "agent"])
@pytest.mark.parametrize("replica", ["worker-0", "chief-0"])
def test_a_killed_process_changes_no_bit_of_the_result(kit, tensors, undisturbed, replica, kind):
    kit.submit("faulty", *RUN)
    kit.wait_checkpoint("faulty", 300)
    kit.kill("faulty", replica, kind)

    done = kit("wait", "faulty")

    assert done.returncode == 0, kit.log("faulty")
    resumed = [int(step) for step in re.findall(r"resum\w+ .*?step (\d+)", kit.log("faulty"))]
    assert min(resumed, default=0) >= 300, kit.log("faulty")
    assert undisturbed == tensors(kit.checkpoint("faulty", STEPS))


def test_three_faults_in_a_row_change_no_bit_of_the_result(kit, tensors, undisturbed):
    kit.submit("unlucky", *RUN)
    for step, replica, kind in (
        (100, "chief-0", "trainer"),
        (400, "worker-0", "agent"),
        (700, "worker-0", "trainer"),
    ):
        kit.wait_checkpoint("unlucky", step)
        kit.kill("unlucky", replica, kind)

    assert kit("wait", "unlucky").returncode == 0, kit.log("unlucky")
    assert undisturbed == tensors(kit.checkpoint("unlucky", STEPS))


def test_a_killed_keeper_leaves_nothing_running(kit):
    kit.submit("orphan", *RUN, "train.steps=100000")
    kit.wait_checkpoint("orphan", 100)
    keeper = int((kit.state / "jobs/default/orphan/keeper.lock").read_text())
    uid = kit.uid("orphan")
    assert len({p.pod for p in kit.processes(uid)}) == 2

    os.kill(keeper, signal.SIGKILL)

    assert kit("wait", "orphan").returncode == 100
    status = kit.status("orphan")
    assert (status["state"], status["verdict"]["kind"]) == ("Failed", "keeper_lost")
    assert kit.processes(uid) == []


def test_cancel_saves_before_it_ends(kit):
    kit.submit(
        "leaving", *RUN, "train.steps=100000", "train.checkpoint.every_steps=100000", "output.claim=kept"
    )
    kit.wait_progress("leaving")
    uid = kit.uid("leaving")
    assert len(kit.processes(uid)) >= 6

    assert kit("cancel", "leaving", "--yes").returncode == 0

    kit.wait_gone(uid)
    assert len(list((kit.state / "claims/default/kept/checkpoints").glob("ckpt-*.json"))) == 1
    assert kit("status", "leaving").returncode == 102


def test_suspension_changes_no_bit_of_the_result(kit, tensors, undisturbed):
    kit.submit("paused", *RUN)
    kit.wait_checkpoint("paused", 300)
    suspended = kit("suspend", "paused")
    assert suspended.returncode == 0, suspended.stderr
    saved = int(re.findall(r"it has saved step (\d+)", suspended.stderr)[0])
    assert kit.checkpoint("paused", saved).with_suffix(".index").exists()

    assert kit("resume", "paused").returncode == 0
    assert kit("wait", "paused").returncode == 0, kit.log("paused")
    assert f"resumes after step {saved};" in kit.log("paused")
    assert undisturbed == tensors(kit.checkpoint("paused", STEPS))


def test_a_resized_job_goes_on_at_the_saved_step(kit):
    kit.submit("grown", *RUN)
    kit.wait_checkpoint("grown", 300)
    resized = kit("resize", "grown", "gpus=4")
    assert resized.returncode == 0, resized.stderr
    saved = int(re.findall(r"it goes on from step (\d+)", resized.stderr)[0])

    assert kit("wait", "grown").returncode == 0, kit.log("grown")
    log = kit.log("grown")
    assert "4 replicas, 1 CPU each" in log
    assert f"resumes after step {saved};" in log
    assert kit.checkpoint("grown", STEPS).with_suffix(".index").exists()


def test_a_retry_changes_no_bit_of_the_result(kit, tensors, undisturbed):
    kit.submit("broken", *RUN)
    kit.wait_checkpoint("broken", 300)
    os.kill(int((kit.state / "jobs/default/broken/keeper.lock").read_text()), signal.SIGKILL)
    assert kit("wait", "broken").returncode == 100
    kit.jobs.append("broken-2")

    assert kit("retry", "broken").returncode == 0
    assert kit("wait", "broken-2").returncode == 0, kit.log("broken-2")
    resumed = [int(step) for step in re.findall(r"resumes after step (\d+);", kit.log("broken-2"))]
    assert min(resumed, default=0) >= 300, kit.log("broken-2")
    assert undisturbed == tensors(kit.checkpoint("broken-2", STEPS))
