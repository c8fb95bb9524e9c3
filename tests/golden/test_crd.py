"""The expected manifests against the operator's CRD, which comes from Go's module proxy: no cluster."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfjob_kit import config, manifest, plan
from tfjob_kit.bundled import bundled_dir

from .conftest import MANIFESTS, read_manifest
from .tfjob_crd import faults, make_validator

FILES = sorted(MANIFESTS.glob("*.yaml"))
POD = "tfReplicaSpecs.Chief.template.spec"
CONTAINER = f"{POD}.containers[0]"
# One option of each group, whatever the others are; bundles and experiments bring conditions of their own.
CHOICES = {
    folder.name: st.sampled_from(sorted(file.stem for file in folder.iterdir()))
    for folder in sorted(bundled_dir("conf").iterdir())
    if folder.is_dir() and folder.name not in ("code", "experiment")
}
NEEDED = {
    "communication=rdma": ["communication.rdma_resource=rdma/hca_shared_devices_a"],
    "gpu_memory=limit": ["gpu_memory.limit_mib=3072"],
    "job=kueue": ["job.queue=team-a"],
    "job=preemptible": ["job.queue=team-a", "job.queue_priority=low", "output.claim=checkpoints"],
    "volumes=dataset_pvc": ["volumes.dataset.claim=imagenet"],
}
SIZES = ["1", "4", "2x4"]
TYPED_SIZES = ["A100-80GB:2x4", "L4:1", "mig-1g.10gb:2", "T4-shared:2"]


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


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(choices=st.fixed_dictionaries(CHOICES), data=st.data())
def test_options_of_all_groups_go_together(
    choices: dict[str, str], data: st.DataObject, crd: jsonschema.Validator, tmp_path: Path
) -> None:
    chosen = [f"{group}={option}" for group, option in choices.items()]
    size = data.draw(st.sampled_from(SIZES + (TYPED_SIZES if choices["site"] == "example" else [])))
    needed = [override for choice in chosen for override in NEEDED.get(choice, [])]
    run = config.compose([*chosen, *needed, f"gpus={size}"], cwd=tmp_path).config
    assert [] == faults(crd, manifest.build_tfjob(plan.make_plan(run, name="job", suffix="unused")))
