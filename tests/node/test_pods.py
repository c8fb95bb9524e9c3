"""Volumes, variables and capabilities as a real kubelet and runc give them to a program."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
from real_node.kit import Kit

pytestmark = [pytest.mark.node, pytest.mark.tf]

SIZE = ("gpus=0", "resources.cpu=200m", "resources.memory=512Mi", "resources.shared_memory=64Mi")
LOOK = """
import os
import pathlib


def say(name, value):
    print(f"{name}={value}", flush=True)


def can_write(folder):
    try:
        (pathlib.Path(folder) / "new").write_text("")
    except OSError as error:
        return error.strerror
    return "yes"


mounts = {line.split()[1]: line.split()[2:4] for line in open("/proc/self/mounts")}
status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
say("user", f"{os.getuid()}:{os.getgid()}")
for name in ("TOKEN", "PROXY", "EXTRA", "SHARED"):
    say(name, os.environ.get(name))
for file in ("/keys/google/key.json", "/etc/one.toml"):
    path = pathlib.Path(file)
    say(file, path.read_text() if path.exists() else None)
for folder in ("/keys", "/fast", "/made", "/output", "/part"):
    say(f"write {folder}", can_write(folder) if os.path.isdir(folder) else None)
say("fast", mounts.get("/fast", [None])[0])
say("locks", bool(int(status["CapEff"], 16) & 1 << 14))
"""


@pytest.fixture
def look(kit: Kit) -> Callable[..., dict[str, str]]:
    """Runs the program above as a job with these overrides; what it has seen."""
    folder = kit.directory / kit.namespace
    folder.mkdir()
    (folder / "look.py").write_text(LOOK)
    project = dataclasses.replace(kit, directory=folder)

    def run(name: str, *overrides: str) -> dict[str, str]:
        files = ("code=bundle", "code.files=[look.py]", "command=[python,look.py]")
        project.submit(name, *SIZE, *files, *overrides)
        project.succeed("wait", name)
        lines = [line.partition("| ")[2] or line for line in project.log(name).splitlines()]
        return dict(line.split("=", 1) for line in lines if "=" in line)

    return run


def make(kit: Kit, kind: str, name: str, **data: str) -> None:
    field = "stringData" if kind == "secrets" else "data"
    path = f"/api/v1/namespaces/{kit.namespace}/{kind}"
    kit.node.req("POST", path, {"metadata": {"name": name}, field: data})


def test_a_program_finds_its_volumes_and_variables(kit: Kit, look: Callable[..., dict[str, str]]) -> None:
    make(kit, "secrets", "hub", token="t0p", SHARED="of the secret")
    make(kit, "configmaps", "net", http="proxy:3128", EXTRA="e", SHARED="of the map", toml="a = 1")
    made = kit.storage / kit.namespace / "made-by-the-node"
    seen = look(
        "volumes",
        "+env_from.secret_keys.TOKEN=hub/token",
        "+env_from.config_map_keys.PROXY=net/http",
        "env_from.secrets=[hub]",
        "env_from.config_maps=[net]",
        "+volumes.keys={mount_path: /keys, secret: hub, items: {token: google/key.json}}",
        "+volumes.one={mount_path: /etc/one.toml, config_map: net, sub_path: toml}",
        "+volumes.fast={mount_path: /fast, empty_dir: true, in_memory: true, size_limit: 16Mi}",
        f"+volumes.made={{mount_path: /made, host_path: '{made}', host_path_type: DirectoryOrCreate}}",
        "+volumes.part={mount_path: /part, claim: volumes, sub_path: some/part}",
    )
    assert {
        "user": "1000:1000",
        "TOKEN": "t0p",
        "PROXY": "proxy:3128",
        "EXTRA": "e",
        "SHARED": "of the secret",
        "/keys/google/key.json": "t0p",
        "/etc/one.toml": "a = 1",
        "write /keys": "Read-only file system",
        "write /fast": "yes",
        "write /made": "Permission denied",
        "write /output": "yes",
        "write /part": "Permission denied",
        "fast": "tmpfs",
        "locks": "False",
    }.items() <= seen.items()
    assert made.is_dir()


@pytest.mark.parametrize(("user", "locks"), [("1000", "False"), ("0", "True")])
def test_only_root_is_given_the_right_to_lock_memory(
    look: Callable[..., dict[str, str]], user: str, locks: str
) -> None:
    add = "{spec: {containers: [{name: tensorflow, securityContext: {capabilities: {add: [IPC_LOCK]}}}]}}"
    seen = look(f"user-{user}", f"site.run_as_user={user}", f"overlay.all={add}")
    assert (f"{user}:{user}", locks) == (seen["user"], seen["locks"])
