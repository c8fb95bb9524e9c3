"""The commands of the README and the quickstart, as a user types them."""

from __future__ import annotations

import json

import pytest

pytestmark = [pytest.mark.tf]


def test_the_demo_trains_to_the_promised_accuracy(kit):
    kit.jobs.append("demo")
    done = kit("run", "model=digits_cnn", "gpus=2", "--name", "demo", "--engine", "local", "-o", "json")

    assert done.returncode == 0, done.stderr
    last = json.loads(done.stdout.splitlines()[-1])
    assert (last["event"], last["job"], last["state"]) == ("finished", "demo", "Succeeded")
    assert last["metrics"]["accuracy"] >= 0.97
    assert last["verdict"]["kind"] == "succeeded"
    places = kit.status("demo")["places"]
    assert kit.checkpoint("demo", 600).with_suffix(".index").exists(), places


def test_a_detached_run_is_read_from_another_shell(kit):
    kit.submit("detached", "model=digits_cnn", "gpus=2", "train.steps=200")
    assert "detached" in kit("list").stdout
    assert kit("status", "detached").returncode in (0, 101)

    logs = kit("logs", "detached", "--follow")
    waited = kit("wait", "detached")

    assert waited.returncode == 0, logs.stdout
    assert {line.split(" ")[0] for line in logs.stdout.splitlines()} == {"chief-0", "worker-0"}
    assert "step=200" in logs.stdout


@pytest.mark.slow
def test_resnet50_trains_on_four_replicas_of_this_machine(kit):
    kit.jobs.append("resnet")
    done = kit(
        "run",
        "model=resnet50",
        "gpus=4",
        "train.steps=4",
        "--name",
        "resnet",
        "--engine",
        "local",
        seconds=1200,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "step=4" in kit.log("resnet")
