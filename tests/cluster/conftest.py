"""Fixtures of the scenarios."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from harness.drive import Drive
from harness.plane import Plane
from scenes import Scene

from tfjob_kit.cluster import kube
from tfjob_kit.cluster.kube import KubeCluster

RBAC = Path(__file__).parents[2] / "deploy" / "rbac"


@pytest.fixture
def scene(fakes: Plane, drive: Drive) -> Iterator[Scene]:
    """One job of this test's namespace."""
    scene = Scene(kube.connect(kubeconfig=fakes.kubeconfig, namespace=drive.namespace, environ={}), drive)
    yield scene
    scene.close()


@pytest.fixture
def as_user(fakes: Plane, ns: str, tmp_path: Path) -> Callable[..., KubeCluster]:
    """An engine of a user who has the documented Role, without the rules about some resources."""

    def connect(*, without: tuple[str, ...] = ()) -> KubeCluster:
        role = yaml.safe_load((RBAC / "tfjob-kit-user.yaml").read_text())
        role["rules"] = [rule for rule in role["rules"] if not set(rule["resources"]) & set(without)]
        group = "rbac.authorization.k8s.io"
        path = f"/apis/{group}/v1/namespaces/{ns}"
        fakes.req("POST", f"{path}/roles", role)
        binding = {
            "metadata": {"name": "jane"},
            "roleRef": {"apiGroup": group, "kind": "Role", "name": role["metadata"]["name"]},
            "subjects": [{"apiGroup": group, "kind": "User", "name": "jane"}],
        }
        fakes.req("POST", f"{path}/rolebindings", binding)
        config = json.loads(Path(fakes.kubeconfig).read_text())
        for user in config["users"]:
            user["user"]["as"] = "jane"
        file = tmp_path / "kubeconfig"
        file.write_text(json.dumps(config))
        return kube.connect(kubeconfig=file, namespace=ns, environ={})

    return connect
