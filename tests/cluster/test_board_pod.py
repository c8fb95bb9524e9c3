"""The pod that shows a job's curves, on the real API server: what it admits."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.plane import Plane

from tfjob_kit import config, errors, manifest, plan
from tfjob_kit.cluster import kube
from tfjob_kit.cluster.kube import KubeCluster
from tfjob_kit.cluster.port import JobRef
from tfjob_kit.jobs.board import FOLDER
from tfjob_kit.jobs.board_pod import make_board_pod
from tfjob_kit.jobs.output import find_output

pytestmark = pytest.mark.cluster

RBAC = Path(__file__).parents[2] / "deploy" / "rbac"


def test_restricted_pod_security_and_strict_fields_admit_it(fakes: Plane, ns: str) -> None:
    namespace: dict[str, Any] = fakes.req("GET", f"/api/v1/namespaces/{ns}")
    namespace["metadata"].setdefault("labels", {})["pod-security.kubernetes.io/enforce"] = "restricted"
    fakes.req("PUT", f"/api/v1/namespaces/{ns}", namespace)
    composed = config.compose(["model=digits_cnn", "output.claim=data"])
    job = manifest.build_tfjob(plan.make_plan(composed.config, name="train", suffix="none"))
    job["metadata"]["namespace"] = ns
    pod = make_board_pod(job, find_output(job, keeps_scratch=False), folder=FOLDER)

    made = fakes.req("POST", f"/api/v1/namespaces/{ns}/pods?dryRun=All&fieldValidation=Strict", pod)

    assert "train-tensorboard" == made["metadata"]["name"]


@pytest.fixture
def as_robot(fakes: Plane, ns: str, tmp_path: Path) -> Callable[..., KubeCluster]:
    """An engine of an account with both documented roles, without the rules about some resources."""

    def connect(*, without: str) -> KubeCluster:
        rules: list[dict[str, Any]] = []
        for name in ("user", "tensorboard"):
            role = yaml.safe_load((RBAC / f"tfjob-kit-{name}.yaml").read_text())
            rules += [rule for rule in role["rules"] if name == "user" or rule["resources"] != [without]]
        api, group = f"/api/v1/namespaces/{ns}", "rbac.authorization.k8s.io"
        path = f"/apis/{group}/v1/namespaces/{ns}"
        fakes.req("POST", f"{api}/serviceaccounts", {"metadata": {"name": "robot"}})
        fakes.req("POST", f"{path}/roles", {"metadata": {"name": "robot"}, "rules": rules})
        binding = {
            "metadata": {"name": "robot"},
            "roleRef": {"apiGroup": group, "kind": "Role", "name": "robot"},
            "subjects": [{"kind": "ServiceAccount", "name": "robot", "namespace": ns}],
        }
        fakes.req("POST", f"{path}/rolebindings", binding)
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        token = fakes.req("POST", f"{api}/serviceaccounts/robot/token", request)["status"]["token"]
        access = json.loads(Path(fakes.kubeconfig).read_text())
        for user in access["users"]:
            user["user"] = {"token": token}
        file = tmp_path / "kubeconfig"
        file.write_text(json.dumps(access))
        return kube.connect(kubeconfig=file, namespace=ns, environ={})

    return connect


@pytest.mark.parametrize(("without", "what"), [("pods", "pods"), ("pods/portforward", "pods/portforward")])
def test_the_missing_right_and_its_role_are_named(
    as_robot: Callable[..., KubeCluster], fakes: Plane, ns: str, without: str, what: str
) -> None:
    engine = as_robot(without=without)
    composed = config.compose(["model=digits_cnn", "job.suspend=true"])
    job = manifest.build_tfjob(plan.make_plan(composed.config, name="train", suffix="none"))
    job["metadata"] |= {"namespace": ns, "annotations": {"tfjob-kit/submission": "s"}}
    engine.create(job)
    container = {"name": "tensorboard", "image": "example.invalid/tf:1"}
    pod = {"metadata": {"name": "train-tensorboard"}, "spec": {"containers": [container]}}
    opened: list[int] = []

    with pytest.raises(errors.NotAllowed, match=f"you may not create {what} in") as caught:
        engine.show_pod(
            JobRef(namespace=ns, name="train"),
            {"apiVersion": "v1", "kind": "Pod", **pod},
            remote=6006,
            local=0,
            on_open=lambda host, number: opened.append(number),
        )

    assert "deploy/rbac/tfjob-kit-tensorboard.yaml" in (caught.value.hint or "")
    assert [] == opened
    left = fakes.req("GET", f"/api/v1/namespaces/{ns}/pods")["items"]
    assert [] == [thing for thing in left if "deletionTimestamp" not in thing["metadata"]]
