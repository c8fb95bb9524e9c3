from __future__ import annotations

import pytest

from tfjob_kit import errors, plan
from tfjob_kit.config import schema

SHM = plan.Mount(name="shm", path="/dev/shm", source={"emptyDir": {"medium": "Memory", "sizeLimit": "2Gi"}})


def _volume(**parts):
    return schema.VolumeConfig(**{"mount_path": "/data", **parts})


def test_the_output_is_scratch_space_unless_a_claim_is_given(make):
    assert make().chief.mounts == (SHM, plan.Mount(name="output", path="/output", source={"emptyDir": {}}))
    claim = {"persistentVolumeClaim": {"claimName": "runs"}}
    mounts = make(output=schema.OutputConfig(claim="runs", dir="/runs/")).chief.mounts
    assert mounts == (SHM, plan.Mount(name="output", path="/runs", source=claim))


@pytest.mark.parametrize(
    ("volume", "source"),
    [
        (_volume(claim="data"), {"persistentVolumeClaim": {"claimName": "data"}}),
        (_volume(host_path="/mnt/data"), {"hostPath": {"path": "/mnt/data"}}),
        (_volume(empty_dir=True), {"emptyDir": {}}),
    ],
)
def test_each_source_is_written_as_kubernetes_has_it(make, volume, source):
    mounts = make(volumes={"data": volume}).chief.mounts
    assert mounts[-1] == plan.Mount(name="data", path="/data", source=source)


def test_a_volume_that_covers_the_output_holds_it(make):
    mounts = make(
        volumes={"all": _volume(mount_path="/runs", claim="c")}, output=schema.OutputConfig(dir="/runs/1")
    ).chief.mounts
    assert [mount.name for mount in mounts] == ["shm", "all"]


def test_without_shared_memory_nothing_is_mounted(make):
    mounts = make(0, resources=schema.ResourcesConfig(shared_memory="0")).chief.mounts
    assert [mount.name for mount in mounts] == ["output"]


@pytest.mark.parametrize(
    ("name", "volume", "where", "message"),
    [
        ("data", _volume(), "volumes.data", "given: none"),
        ("data", _volume(claim="a", empty_dir=True), "volumes.data", "`claim` and `empty_dir`"),
        ("data", _volume(mount_path="data", claim="a"), "volumes.data.mount_path", "`data`"),
        ("data", _volume(mount_path="", claim="a"), "volumes.data.mount_path", "not an absolute path"),
        ("data", _volume(mount_path="/a/../b", claim="a"), "volumes.data.mount_path", "`/a/../b`"),
        ("data", _volume(mount_path="/", claim="a"), "volumes.data.mount_path", "`/`"),
        ("data", _volume(mount_path="/a:b", claim="a"), "volumes.data.mount_path", "`:`"),
        ("data", _volume(host_path="mnt"), "volumes.data.host_path", "`mnt`"),
        (
            "data",
            _volume(mount_path="/dev/shm", claim="a"),
            "volumes.data.mount_path",
            "taken by the volume `shm`",
        ),
        ("shm", _volume(claim="a"), "volumes.shm", "`shm`"),
        ("my_data", _volume(claim="a"), "volumes.my_data", "`my_data`"),
    ],
)
def test_a_volume_that_cannot_be_is_refused(make, name, volume, where, message):
    with pytest.raises(errors.InvalidValue) as caught:
        make(volumes={name: volume})
    assert caught.value.where == where
    assert message in caught.value.message


def test_two_volumes_cannot_have_one_path(make):
    with pytest.raises(errors.InvalidValue, match="taken by the volume `a`"):
        make(volumes={"a": _volume(claim="x"), "b": _volume(mount_path="/data/", claim="y")})
