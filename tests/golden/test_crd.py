"""The expected manifests against the operator's CRD, which comes from Go's module proxy: no cluster."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from .conftest import MANIFESTS, read_manifest
from .tfjob_crd import faults, make_validator

FILES = sorted(MANIFESTS.glob("*.yaml"))
POD = "tfReplicaSpecs.Chief.template.spec"
CONTAINER = f"{POD}.containers[0]"


@pytest.fixture(scope="session")
def crd(operator_crd: Path) -> jsonschema.Validator:
    """The schema; read once."""
    return make_validator(operator_crd)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_crd_knows_every_field(file: Path, crd: jsonschema.Validator) -> None:
    assert [] == faults(crd, read_manifest(file))


@pytest.mark.parametrize(
    ("place", "value", "fault"),
    [
        ("runPolicy.cleanPods", "None", "runPolicy: Additional properties are not allowed ('cleanPods'"),
        (f"{POD}.nodeselector", {}, f"{POD}: Additional properties are not allowed ('nodeselector'"),
        (f"{CONTAINER}.gpus", 1, f"{CONTAINER}: Additional properties are not allowed ('gpus'"),
        ("tfReplicaSpecs.Chief.replicas", "1", "tfReplicaSpecs.Chief.replicas: '1' is not of type 'integer'"),
        ("tfReplicaSpecs.Chief.replicas", 2**31, "tfReplicaSpecs.Chief.replicas: 2147483648 is no int32"),
        ("tfReplicaSpecs", None, "tfReplicaSpecs: None is not of type 'object'"),
        (f"{POD}.containers", [{"image": "a"}], f"{CONTAINER}: 'name' is a required property"),
        (f"{CONTAINER}.ports", [{"containerPort": 1}] * 2, f"{CONTAINER}.ports: 1, TCP stands twice"),
        (f"{CONTAINER}.resources.limits.memory", "16GB", f"{CONTAINER}.resources.limits.memory: '16GB' does"),
        (f"{POD}.nodeSelector", {"zone": 1}, f"{POD}.nodeSelector.zone: 1 is not of type 'string'"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_the_crd_does_not_know_is_found(
    place: str, value: Any, fault: str, crd: jsonschema.Validator
) -> None:
    job = copy.deepcopy(read_manifest(MANIFESTS / "single.yaml"))
    *parents, last = place.split(".")
    where: Any = job["spec"]
    for name in parents:
        where = where["containers"][0] if name == "containers[0]" else where[name]
    where[last] = value
    (found,) = faults(crd, job)
    assert found.startswith(f"$.spec.{fault}")
