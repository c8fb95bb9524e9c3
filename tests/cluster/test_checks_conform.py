"""What the plan refuses in names, volumes and tolerations is what a real API server refuses in a pod."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from harness.api import Refused
from harness.drive import make_namespace

from tfjob_kit import errors, manifest, plan
from tfjob_kit.config import schema

pytestmark = pytest.mark.cluster

_INVALID = 422
Config = dict[str, Any]
Pod = dict[str, Any]


@dataclass(frozen=True)
class Object:
    """Something to create: its collection, below the namespace where it has one."""

    path: str
    body: Config


@pytest.fixture(scope="module")
def takes(plane) -> Iterator[Callable[[Pod | Object], bool]]:
    """Whether the server finds an object, or a pod of this spec, valid; what it names need not be there."""
    name = f"checks-{uuid.uuid4().hex[:5]}"
    make_namespace(plane.api, name)

    def ask(asked: Pod | Object) -> bool:
        pod = {"metadata": {"name": "p"}, "spec": asked}
        thing = asked if isinstance(asked, Object) else Object("/api/v1/namespaces/{}/pods", pod)
        try:
            plane.req("POST", f"{thing.path.format(name)}?dryRun=All", thing.body)
        except Refused as error:
            return error.status != _INVALID
        return True

    yield ask
    plane.req("DELETE", f"/api/v1/namespaces/{name}")


def planned(parts: Config) -> Pod | None:
    """The chief's pod of a config of these groups; None where the plan refuses it."""
    config = schema.RunConfig(model=schema.ModelConfig(name="net"), **parts)
    try:
        job = manifest.build_tfjob(plan.make_plan(config, name="job", suffix="", config_yaml="a: 1\n"))
    except errors.InvalidValue:
        return None
    return job["spec"]["tfReplicaSpecs"]["Chief"]["template"]["spec"]


def written(*, container: Config | None = None, **pod: Any) -> Pod:
    """A pod as somebody would write it by hand."""
    return {"containers": [{"name": "c", "image": "i", **(container or {})}], **pod}


def claim(name: str) -> Object:
    spec = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}}
    return Object("/api/v1/namespaces/{}/persistentvolumeclaims", {"metadata": {"name": name}, "spec": spec})


def secret(name: str, key: str) -> Object:
    return Object("/api/v1/namespaces/{}/secrets", {"metadata": {"name": name}, "stringData": {key: ""}})


def config_map(name: str, key: str) -> Object:
    return Object("/api/v1/namespaces/{}/configmaps", {"metadata": {"name": name}, "data": {key: ""}})


def account(name: str) -> Object:
    return Object("/api/v1/namespaces/{}/serviceaccounts", {"metadata": {"name": name}})


def runtime(name: str) -> Object:
    return Object("/apis/node.k8s.io/v1/runtimeclasses", {"metadata": {"name": name}, "handler": "h"})


def priority(name: str) -> Object:
    return Object("/apis/scheduling.k8s.io/v1/priorityclasses", {"metadata": {"name": name}, "value": 1})


def mounted(**mount: Any) -> Pod:
    mounts = [{"name": "v", "mountPath": "/data", **mount}]
    return written(volumes=[{"name": "v", "emptyDir": {}}], container={"volumeMounts": mounts})


def projected(path: str) -> Pod:
    items = [{"key": "k", "path": path}]
    return written(volumes=[{"name": "v", "secret": {"secretName": "s", "items": items}}])


def device(name: str) -> Pod:
    return written(container={"resources": {"limits": {name: "1"}}})


def neighbours(key: str) -> Pod:
    term = {"topologyKey": key, "labelSelector": {}}
    return written(affinity={"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}})


def a_volume(**parts: Any) -> Config:
    return {"volumes": {"v": schema.VolumeConfig(**{"mount_path": "/data", **parts})}}


def placed(**parts: Any) -> Config:
    return {"placement": schema.PlacementConfig(**parts)}


NAMES = ("data", "a.b", "7", "a-b", "My", "a_b", "-a", "a-", "a..b", "a b", "a/b", "ä", "a" * 253, "a" * 254)
KEYS = ("token", "a.b", ".x", "_x", "-x", "A", "..", ".", "..x", "a b", "ä", "a:b", "k" * 253, "k" * 254)
PATHS = ("a", "a/b", "a.b", ".a", "/a", "../a", "a/../b", "a/..", "..a", "..")
LABELS = ("a", "a.b/c", "A", "a_b", "a b", "A.b/c", "a/b/c", "/a", "a/", "-a", "a-", "ä", "n" * 63, "n" * 64)
VALUES = ("", "a", "A_b.c", "a b", "-a", "a-", "ä", "v" * 63, "v" * 64)
DEVICES = (
    "rdma/hca",
    "a.b/c_d",
    "hca",
    "rdma/",
    "/hca",
    "rdma/a b",
    "Rdma/hca",
    "requests.a/hca",
    "rdma/" + "a" * 63,
    "rdma/" + "a" * 64,
    "a/b/c",
)
CHECKS: list[tuple[str, Config, Pod | Object]] = [
    *(("claim", a_volume(claim=name), claim(name)) for name in NAMES),
    *(("secret", a_volume(secret=name), secret(name, "k")) for name in NAMES),
    *(("config map", a_volume(config_map=name), config_map(name, "k")) for name in NAMES),
    *(("key", a_volume(secret="s", items={key: "p"}), secret("s", key)) for key in KEYS),
    *(
        (
            "reference",
            {"env_from": schema.EnvFromConfig(config_map_keys={"A": f"m/{key}"})},
            config_map("m", key),
        )
        for key in KEYS
    ),
    *(("sub_path", a_volume(empty_dir=True, sub_path=path), mounted(subPath=path)) for path in PATHS),
    *(("item path", a_volume(secret="s", items={"k": path}), projected(path)) for path in PATHS),
    *(("selector", placed(node_selector={key: "v"}), written(nodeSelector={key: "v"})) for key in LABELS),
    *(("label", placed(node_selector={"k": value}), written(nodeSelector={"k": value})) for value in VALUES),
    *(("neighbours", placed(pack_by=key), neighbours(key)) for key in LABELS),
    *(
        ("device", {"communication": schema.CommunicationConfig(rdma_resource=name)}, device(name))
        for name in DEVICES
    ),
    *(("runtime", placed(runtime_class=name), runtime(name)) for name in NAMES),
    *(("account", placed(service_account=name), account(name)) for name in NAMES),
    *(("priority", {"job": schema.JobConfig(priority_class=name)}, priority(name)) for name in NAMES),
]


def test_the_plan_refuses_what_the_server_refuses_and_nothing_else(
    takes: Callable[[Pod | Object], bool],
) -> None:
    differ: list[str] = []
    for what, parts, by_hand in CHECKS:
        made = planned(parts)
        if made is None and takes(by_hand):
            differ.append(f"{what}: the plan refuses what the server takes: {by_hand}")
        if made is not None and not (takes(made) and takes(by_hand)):
            differ.append(f"{what}: the server refuses what the plan takes: {by_hand}")
    assert [] == differ


def test_the_plan_checks_tolerations_as_the_server_does(takes: Callable[[Pod | Object], bool]) -> None:
    fields = {
        "key": (None, "", "a", "a.b/c", "a b"),
        "operator": (None, "", "Exists", "Equal", "Exist"),
        "value": (None, "v"),
        "effect": (None, "NoSchedule", "NoExecute", "Never"),
        "tolerationSeconds": (None, 5),
    }
    differ: list[Config] = []
    for values in itertools.product(*fields.values()):
        toleration = {name: v for name, v in zip(fields, values, strict=True) if v is not None}
        is_planned = planned(placed(tolerations=[toleration])) is not None
        if is_planned != takes(written(tolerations=[toleration])):
            differ.append({"planned": is_planned, **toleration})
    assert [] == differ
