"""Containers beside the training."""

from __future__ import annotations

import dataclasses

import pytest

from tfjob_kit import errors, plan
from tfjob_kit.config import schema

Sidecar = schema.SidecarConfig


def test_a_sidecar_with_everything(make):
    volume = schema.VolumeConfig(mount_path="/data", claim="data", read_only=True)
    sidecar = Sidecar(
        image="fluent-bit:3",
        command=["run"],
        args=["-c", "$(A)"],
        env={"LEVEL": "$(info)"},
        cpu="200m",
        memory="64Mi",
        mounts={"output": "/logs/", "data": "/in"},
    )
    job = make(1, volumes={"data": volume}, sidecars={"log": sidecar})
    assert (
        plan.Sidecar(
            name="log",
            image="fluent-bit:3",
            command=("run",),
            args=("-c", "$(A)"),
            env=(("LEVEL", "$$(info)"),),
            resources={"cpu": "200m", "memory": "64Mi"},
            mounts=(
                plan.Mount(name="output", path="/logs", source={"emptyDir": {}}),
                dataclasses.replace(job.chief.mounts[-1], path="/in"),
            ),
        ),
    ) == job.sidecars


@pytest.mark.parametrize(
    ("sidecars", "where", "words"),
    [
        ({"tensorflow": Sidecar(image="i")}, "sidecars.tensorflow", "cannot name a sidecar"),
        ({"Log": Sidecar(image="i")}, "sidecars.Log", "cannot name a sidecar"),
        ({"log": Sidecar()}, "sidecars.log", "no image"),
        ({"log": Sidecar(image="i", env={"a b": "1"})}, "sidecars.log.env.a b", "environment variable"),
        ({"log": Sidecar(image="i", cpu="0")}, "sidecars.log.cpu", "on nothing"),
        ({"log": Sidecar(image="i", memory="1GB")}, "sidecars.log.memory", "not a quantity"),
        ({"log": Sidecar(image="i", mounts={"output": "x"})}, "sidecars.log.mounts.output", "absolute"),
    ],
)
def test_a_sidecar_that_cannot_be_is_refused(make, sidecars, where, words):
    with pytest.raises(errors.InvalidValue, match=words) as caught:
        make(1, sidecars=sidecars)
    assert where == caught.value.where


def test_a_volume_that_the_job_has_not_is_named_with_the_nearest(make):
    with pytest.raises(errors.UnknownChoice) as caught:
        make(1, sidecars={"log": Sidecar(image="i", mounts={"outputs": "/x"})})
    assert ("sidecars.log.mounts.outputs", ("output",), "volumes: shm, output") == (
        caught.value.where,
        caught.value.nearest,
        caught.value.hint,
    )


def test_a_volume_that_one_role_lacks_is_none_of_the_jobs(make):
    roles = schema.RolesConfig(worker=schema.RoleResourcesConfig(shared_memory="0"))
    with pytest.raises(errors.UnknownChoice, match="no volume `shm`"):
        make(
            2,
            resources=schema.ResourcesConfig(roles=roles),
            sidecars={"log": Sidecar(image="i", mounts={"shm": "/x"})},
        )
