"""On the real operator: an evaluator beside the training, and sidecars that nothing waits for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness.api import wait_until
from harness.drive import Drive

from tfjob_kit import manifest, plan
from tfjob_kit.config import compose

pytestmark = pytest.mark.cluster

NAME = "e" * 51
"""As long as a job with an evaluator may be called: its Service has 63 characters then."""


def test_a_job_succeeds_with_its_chief_whatever_the_evaluator_does(drive: Drive, tmp_path: Path) -> None:
    overrides = [
        "gpus=0",
        "replicas=2",
        "command=[python, train.py]",
        "job.evaluator=true",
        "+sidecars.logs.image=fluent/fluent-bit:4.0",
        "+overlay.evaluator.metadata.annotations={example.com/role: eval}",
    ]
    config = compose(overrides, cwd=tmp_path).config
    made = plan.make_plan(config, name=NAME, suffix="", default_namespace=drive.namespace)
    path = f"/apis/kubeflow.org/v1/namespaces/{drive.namespace}/tfjobs"
    drive.api.request("POST", path, manifest.build_tfjob(made))

    pods = {pod["metadata"]["name"]: pod for pod in drive.wait_running(NAME, 3)}
    evaluator = pods[f"{NAME}-evaluator-0"]
    env = {entry["name"]: entry.get("value") for entry in evaluator["spec"]["containers"][0]["env"]}
    told = json.loads(env["TF_CONFIG"] or "")
    assert {"type": "evaluator", "index": 0} == told["task"]
    assert {"chief": 1, "evaluator": 1, "worker": 1} == {r: len(a) for r, a in told["cluster"].items()}
    assert ["Always"] == [c["restartPolicy"] for c in evaluator["spec"]["initContainers"]]
    assert "eval" == evaluator["metadata"]["annotations"]["example.com/role"]
    services = f"/api/v1/namespaces/{drive.namespace}/services/{NAME}-evaluator-0"
    assert services == wait_until(
        lambda: drive.api.request("GET", services) and services, what="the evaluator's Service"
    )

    drive.exit(f"{NAME}-chief-0", 0)
    drive.wait_condition(NAME, "Succeeded")
    left = wait_until(
        lambda: [pod["metadata"]["name"] for pod in drive.pods(NAME)],
        lambda names: len(names) == 1,
        what="running pods are cleaned up",
    )
    assert [f"{NAME}-chief-0"] == left
