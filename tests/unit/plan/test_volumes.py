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
        (
            _volume(host_path="/mnt/data", host_path_type=schema.HostPathType.Directory),
            {"hostPath": {"path": "/mnt/data", "type": "Directory"}},
        ),
        (
            _volume(nfs="nas.example.com:/exports/data/"),
            {"nfs": {"server": "nas.example.com", "path": "/exports/data"}},
        ),
        (_volume(nfs="[fd00::7]:/"), {"nfs": {"server": "[fd00::7]", "path": "/"}}),
        (_volume(empty_dir=True), {"emptyDir": {}}),
        (_volume(empty_dir=True, size_limit="50Gi"), {"emptyDir": {"sizeLimit": "50Gi"}}),
        (
            _volume(empty_dir=True, in_memory=True, size_limit="1Gi"),
            {"emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
        ),
    ],
)
def test_each_source_is_written_as_kubernetes_has_it(make, volume, source):
    mounts = make(volumes={"data": volume}).chief.mounts
    assert mounts[-1] == plan.Mount(name="data", path="/data", source=source)


@pytest.mark.parametrize(
    ("volume", "source"),
    [
        (_volume(config_map="settings"), {"configMap": {"name": "settings"}}),
        (_volume(secret="hub"), {"secret": {"secretName": "hub"}}),
        (
            _volume(secret="hub", items={"token": "auth/token.txt", "user": "user"}),
            {
                "secret": {
                    "secretName": "hub",
                    "items": [{"key": "token", "path": "auth/token.txt"}, {"key": "user", "path": "user"}],
                }
            },
        ),
    ],
)
def test_what_the_kubelet_writes_is_read_only_whether_asked_or_not(make, volume, source):
    mounts = make(volumes={"data": volume}).chief.mounts
    assert mounts[-1] == plan.Mount(name="data", path="/data", source=source, read_only=True)


@pytest.mark.parametrize(
    ("volume", "source"),
    [
        (
            _volume(claim="data", read_only=True),
            {"persistentVolumeClaim": {"claimName": "data", "readOnly": True}},
        ),
        (
            _volume(nfs="nas:/data", read_only=True),
            {"nfs": {"server": "nas", "path": "/data", "readOnly": True}},
        ),
        (_volume(host_path="/mnt", read_only=True), {"hostPath": {"path": "/mnt"}}),
    ],
)
def test_read_only_stands_on_the_source_too_where_it_has_the_field(make, volume, source):
    mounts = make(volumes={"data": volume}).chief.mounts
    assert mounts[-1] == plan.Mount(name="data", path="/data", source=source, read_only=True)


def test_a_part_of_a_volume_can_be_mounted(make):
    mounts = make(volumes={"data": _volume(claim="data", sub_path="imagenet/./2012/")}).chief.mounts
    assert mounts[-1].sub_path == "imagenet/2012"


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
        ("data", _volume(mount_path="", claim="a"), "volumes.data.mount_path", "the path is missing"),
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
        (
            "data",
            _volume(host_path="/mnt", size_limit="1Gi"),
            "volumes.data.size_limit",
            "belongs to `empty_dir`",
        ),
        ("data", _volume(claim="a", in_memory=True), "volumes.data.in_memory", "is a `claim`"),
        ("data", _volume(nfs="a:/b", items={"a": "b"}), "volumes.data.items", "is an `nfs`"),
        (
            "data",
            _volume(empty_dir=True, host_path_type=schema.HostPathType.File),
            "volumes.data.host_path_type",
            "belongs to `host_path`",
        ),
        ("data", _volume(claim="My_Claim"), "volumes.data.claim", "name of a PersistentVolumeClaim"),
        ("data", _volume(claim=""), "volumes.data.claim", "`` cannot be"),
        ("data", _volume(secret="a..b"), "volumes.data.secret", "name of a Secret"),
        ("data", _volume(config_map="-"), "volumes.data.config_map", "name of a ConfigMap"),
        ("data", _volume(nfs="nas"), "volumes.data.nfs", "`nas` is not an NFS export"),
        ("data", _volume(nfs="nas:data"), "volumes.data.nfs", "`nas:data`"),
        ("data", _volume(nfs="nas:/a/../b"), "volumes.data.nfs", "`nas:/a/../b`"),
        ("data", _volume(secret="a", items={"a b": "c"}), "volumes.data.items.a b", "key of a Secret"),
        ("data", _volume(secret="a", items={"a": "/c"}), "volumes.data.items.a", "`/c`"),
        ("data", _volume(secret="a", items={"a": "..c"}), "volumes.data.items.a", "two dots"),
        ("data", _volume(secret="a", items={"a": "../c"}), "volumes.data.items.a", "`../c`"),
        ("data", _volume(secret="a", items={"a": "c", "b": "./c"}), "volumes.data.items.b", "the file `c`"),
        ("data", _volume(claim="a", sub_path="/b"), "volumes.data.sub_path", "`/b`"),
        ("data", _volume(claim="a", sub_path=""), "volumes.data.sub_path", "``"),
        ("data", _volume(empty_dir=True, size_limit="0"), "volumes.data.size_limit", "size 0"),
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


def test_nothing_can_be_mounted_inside_what_the_kubelet_writes(make):
    volumes = {
        "settings": _volume(mount_path="/etc/app", config_map="settings"),
        "cache": _volume(mount_path="/etc/app/cache", empty_dir=True),
    }
    with pytest.raises(errors.InvalidValue, match="`/etc/app/cache` lies inside `/etc/app`") as caught:
        make(volumes=volumes)
    assert caught.value.where == "volumes.cache.mount_path"


def test_the_output_does_not_go_where_nothing_can_be_written(make):
    mounts = make(
        volumes={"runs": _volume(mount_path="/output", claim="runs", read_only=True)},
        output=schema.OutputConfig(dir="/output/1"),
    ).chief.mounts
    assert [mount.path for mount in mounts] == ["/dev/shm", "/output/1", "/output"]


def test_a_legal_name_is_offered(make):
    with pytest.raises(errors.InvalidValue) as caught:
        make(output=schema.OutputConfig(claim="My_Runs"))
    assert caught.value.where == "output.claim"
    assert caught.value.nearest == ("my-runs",)
