"""What a job asks of a cluster and one machine does differently: refused by name, or said."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tfjob_kit import errors, manifest, plan
from tfjob_kit.cluster.local import admission
from tfjob_kit.cluster.local.processes import volumes
from tfjob_kit.cluster.local.processes.environment import make_command
from tfjob_kit.cluster.local.store.job_dir import JobDir
from tfjob_kit.config import compose

from .test_local_environment import make_pod, place

PLAIN = ["command=[python, train.py]", "gpus=0"]
NOBODY = admission.Machine(find_gpus=list, has_tensorflow=lambda: False)


def admit(folder: Path, *overrides: str, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """What is said about the job of these overrides when it comes to this machine."""
    composed = compose([*PLAIN, *overrides], cwd=folder)
    job = manifest.build_tfjob(plan.make_plan(composed.config, name="job", suffix=""))
    return admission.admit(job, machine=NOBODY, environ=environ or {}).notices


def test_a_plain_job_is_told_where_its_output_lies_and_nothing_else(tmp_path: Path) -> None:
    assert {"MountsAreDirectories"} == set(admit(tmp_path))


@pytest.mark.parametrize(
    ("overrides", "reason", "text"),
    [
        (
            ["+volumes.d={mount_path: /d, claim: data}"],
            "ClaimIsDirectory",
            "claims are directories of the state on this machine: `data`",
        ),
        (
            ["+volumes.fast={mount_path: /f, empty_dir: true, in_memory: true}"],
            "MemoryIsDisk",
            "volumes in memory are directories on this machine: `fast`",
        ),
        (
            ["+volumes.cache={mount_path: /f, empty_dir: true, size_limit: 1Gi}"],
            "SizeNotLimited",
            "sizes of volumes are not limited on this machine: `cache`",
        ),
        (
            ["+volumes.d={mount_path: /d, host_path: /usr, read_only: true}"],
            "NotReadOnly",
            "a process can write to what is mounted read-only: `/d`",
        ),
        (
            ["communication.rdma_resource=rdma/hca", "+resources.extra.example\\.com/fpga=1"],
            "NoDevices",
            "this machine gives out no devices but GPUs; without effect: `example.com/fpga`, `rdma/hca`",
        ),
        (
            ["placement.spread_by=node", "+placement.node_selector.a=b", "communication.host_network=true"],
            "NotPlaced",
            "one machine, nothing to choose; without effect: `nodeSelector`, `affinity`, `hostNetwork`",
        ),
        (["gpus=2"], "NoGPUs", "no GPU on this machine: the job asks for 2 GPUs and trains on the CPU"),
        (
            ["gpus=mig-1g.10gb:1"],
            "NoGPUs",
            "no GPU on this machine: the job asks for 1 GPU and trains on the CPU",
        ),
    ],
)
def test_what_this_machine_does_otherwise_is_said(
    tmp_path: Path, overrides: list[str], reason: str, text: str
) -> None:
    assert text == admit(tmp_path, *overrides)[reason]


@pytest.mark.parametrize(
    ("override", "message", "hint"),
    [
        (
            "+volumes.d={mount_path: /d, nfs: 'nas:/data'}",
            "volume `d` (nfs)",
            "mount the export on this machine",
        ),
        (
            "+volumes.d={mount_path: /d, secret: keys}",
            "volume `d` (secret)",
            "write its files into a directory",
        ),
        ("env_from.secrets=[keys]", "the Secret `keys` is not on this machine", "export them"),
        ("env_from.config_maps=[net]", "the ConfigMap `net` is not on this machine", "export them"),
        ("+env_from.secret_keys.TOKEN=hub/token", "and no `TOKEN` is exported here", "export TOKEN=..."),
        ("+env_from.config_map_keys.A=m/a", "variable `A`: the ConfigMap `m`", "export A=..."),
    ],
)
def test_what_is_not_on_this_machine_is_refused_with_a_way_out(
    tmp_path: Path, override: str, message: str, hint: str
) -> None:
    with pytest.raises(errors.RefusedError) as caught:
        admit(tmp_path, override)
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


def test_what_the_shell_exports_stands_in_for_a_key_of_a_secret(tmp_path: Path) -> None:
    overrides = ["+env_from.secret_keys.TOKEN=hub/token", "+env_from.config_map_keys.PROXY=net/http"]
    said = admit(tmp_path, *overrides, environ={"TOKEN": "t0p", "PROXY": "p"})
    assert (
        "no Secrets and ConfigMaps on this machine; as this shell exports it: `TOKEN`, `PROXY`"
        == said["FromThisShell"]
    )
    assert "t0p" not in str(said)


def test_a_suspended_job_needs_no_variables_until_it_starts(tmp_path: Path) -> None:
    overrides = ["+env_from.secret_keys.TOKEN=hub/token", "job.suspend=true"]
    assert "FromThisShell" in admit(tmp_path, *overrides)


def test_a_replica_gets_the_variable_of_the_shell_and_later_values_may_use_it() -> None:
    reference = {"secretKeyRef": {"name": "hub", "key": "token"}}
    pod = make_pod(
        env=[
            {"name": "TOKEN", "valueFrom": reference},
            {"name": "HEADER", "value": "Bearer $(TOKEN)"},
            {"name": "ABSENT", "valueFrom": {"configMapKeyRef": {"name": "m", "key": "k", "optional": True}}},
        ]
    )
    made = make_command(pod, place=place(), environ={"TOKEN": "t0p"}).environ
    assert ("t0p", "Bearer t0p") == (made["TOKEN"], made["HEADER"])
    assert "ABSENT" not in made


def _template(path: Path, kind: str | None) -> dict[str, Any]:
    source = {"path": str(path)} | ({"type": kind} if kind else {})
    mount = {"name": "v", "mountPath": "/v"}
    return {
        "spec": {
            "containers": [{"name": "tensorflow", "volumeMounts": [mount]}],
            "volumes": [{"name": "v", "hostPath": source}],
        }
    }


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("folder", None, None),
        ("folder", "Directory", None),
        ("folder", "DirectoryOrCreate", None),
        ("folder", "File", "is not a file"),
        ("folder", "FileOrCreate", "is not a file"),
        ("file", "File", None),
        ("file", "Directory", "is not a directory"),
        ("file", "DirectoryOrCreate", "is not a directory"),
        ("file", "Socket", "is not a socket"),
        ("file", "CharDevice", "is not a character device"),
        ("file", "BlockDevice", "is not a block device"),
        ("socket", "Socket", None),
        ("none", None, "does not exist on this machine"),
        ("none", "Directory", "does not exist on this machine"),
        ("none", "File", "does not exist on this machine"),
        ("none", "DirectoryOrCreate", None),
        ("none", "FileOrCreate", None),
    ],
)
def test_a_path_of_this_machine_is_what_its_type_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: str | None, message: str | None
) -> None:
    monkeypatch.chdir(tmp_path)  # A socket's path may not be long.
    Path("folder").mkdir()
    Path("file").write_text("")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        template = _template(tmp_path / name, kind)
        if message is None:
            volumes.check_volumes(template)
        else:
            with pytest.raises(errors.RefusedError, match=message):
                volumes.check_volumes(template)


@pytest.mark.parametrize(
    ("kind", "is_right"), [("FileOrCreate", Path.is_file), ("DirectoryOrCreate", Path.is_dir)]
)
def test_a_path_that_is_missing_is_made_as_its_type_says(tmp_path: Path, kind: str, is_right: Any) -> None:
    job = JobDir(path=tmp_path / "jobs/default/job")
    mounts = volumes.make_mounts(_template(tmp_path / "new", kind), job=job, state=tmp_path, pod="p")
    assert {"/v": str(tmp_path / "new")} == mounts
    assert is_right(tmp_path / "new")


def test_a_file_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    job = JobDir(path=tmp_path / "jobs/default/job")
    template = _template(tmp_path / "no/such/file", "FileOrCreate")
    with pytest.raises(errors.ClusterError, match="no/such/file"):
        volumes.make_mounts(template, job=job, state=tmp_path, pod="p")
