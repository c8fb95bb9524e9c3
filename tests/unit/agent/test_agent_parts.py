"""The small parts of the agent: settings, lines on the wire, the count of restarts, the cgroup's files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tfjob_kit import errors
from tfjob_kit.config import plain, schema
from tfjob_kit.runtime.agent import announcement as wire
from tfjob_kit.runtime.agent import cgroup_memory, count_file, settings

CONFIG = yaml.safe_dump(
    plain.to_plain(schema.RunConfig(train=schema.TrainConfig(start_timeout=90, restarts_without_progress=2)))
)
CLUSTER = {"chief": ["a.ns.svc:2222"], "worker": ["b.ns.svc:2222"]}


def environ(role: str = "worker", **more: str) -> dict[str, str]:
    task = {"cluster": CLUSTER, "task": {"type": role, "index": 0}}
    return {"TFJOB_KIT_CONFIG": CONFIG, "TFJOB_KIT_RUN_ID": "r-1", "TF_CONFIG": json.dumps(task), **more}


# --- settings --------------------------------------------------------------------------------------


def test_on_a_cluster_agents_meet_one_port_above_tensorflows() -> None:
    own = settings.read_settings(environ())
    assert ("", 2223, 2224, {"chief-0": ("a.ns.svc", 2223)}) == (
        own.host,
        own.port,
        own.metrics_port,
        own.peers,
    )
    assert ("chief-0", "worker-0", "r-1") == (own.chief, own.identity.name, own.identity.run_id)
    assert (90, 300, 55, 2) == (own.limits.start, own.limits.stall, own.limits.stop, own.limits.restarts)
    assert own.count_file is None
    assert Path("/dev/termination-log") == own.termination_log


def test_the_chief_keeps_its_count_beside_the_checkpoints() -> None:
    own = settings.read_settings(environ("chief", TFJOB_KIT_MOUNTS='{"/output": "/tmp/there"}'))
    assert Path("/tmp/there/checkpoints/restarts.json") == own.count_file


def test_the_local_engine_gives_ports_and_stays_on_loopback() -> None:
    own = settings.read_settings(environ(TFJOB_KIT_PORT="4000"))
    assert ("127.0.0.1", 4001, 4002) == (own.host, own.port, own.metrics_port)
    with pytest.raises(errors.InvalidValue, match="TFJOB_KIT_PORT is not a port: 'x'"):
        settings.read_settings(environ(TFJOB_KIT_PORT="x"))


def test_trainers_get_the_environment_of_tensorflow_and_the_users_own_wins() -> None:
    own = settings.read_settings(environ(TF_CPP_MIN_LOG_LEVEL="0"))
    assert "0" == own.trainers.environ["TF_CPP_MIN_LOG_LEVEL"]
    assert "PCI_BUS_ID" == own.trainers.environ["CUDA_DEVICE_ORDER"]
    alone = settings.read_settings(environ(TF_CONFIG=" "))
    assert "TF_CONFIG" not in alone.trainers.environ


def test_warm_restart_can_be_switched_off() -> None:
    config = schema.RunConfig(train=schema.TrainConfig(warm_restart=False))
    text = yaml.safe_dump(plain.to_plain(config))
    assert settings.read_settings(environ(TFJOB_KIT_CONFIG=text)).trainers.zygote is None
    assert settings.read_settings(environ()).trainers.zygote is not None


def test_an_evaluator_is_refused() -> None:
    with pytest.raises(errors.ConfigError, match="no evaluator replica"):
        settings.read_settings(environ("evaluator"))


def test_replicas_of_another_config_have_another_code() -> None:
    one, other = settings.read_settings(environ()), settings.read_settings(environ("chief"))
    edited = settings.read_settings(environ(TFJOB_KIT_CONFIG=CONFIG + "\n"))
    assert one.identity.code == other.identity.code
    assert one.identity.code != edited.identity.code
    assert one.identity.incarnation != edited.identity.incarnation


# --- lines -----------------------------------------------------------------------------------------


def test_a_line_is_read_back() -> None:
    own = wire.Identity(run_id="r", code="c", name="worker-0", incarnation="i")
    said = wire.Announcement(
        incarnation="i", phase=wire.Phase.training, attempt=3, group="g", reason="why", exit_code=4, step=7
    )
    assert (own, said, "chief-0") == wire.decode(wire.encode(own, said, to="chief-0"))


@pytest.mark.parametrize(
    "line", [b"", b"x", b"[]", b"3", b"{}", b"\xff", b'{"run_id":1}', b'{"incarnation":"","phase":"?"}']
)
def test_what_is_no_line_is_refused(line) -> None:
    with pytest.raises(ValueError, match="not an agent's line"):
        wire.decode(line)


def test_a_group_is_one_start_of_certain_processes() -> None:
    members = {"chief-0": "a", "worker-0": "b"}
    assert wire.group_of(1, members) == wire.group_of(1, dict(reversed(members.items())))
    assert wire.group_of(1, members) != wire.group_of(2, members)
    assert wire.group_of(1, members) != wire.group_of(1, members | {"worker-0": "c"})


# --- the count -------------------------------------------------------------------------------------


def test_the_count_and_its_cause_are_kept_for_their_own_run(tmp_path) -> None:
    path = tmp_path / "checkpoints" / "restarts.json"
    assert count_file.NONE_YET == count_file.read_count(path, run_id="r")
    kept = count_file.Count(restarts=2, cause="worker-0: OutOfMemory: gone")
    count_file.write_count(path, kept, run_id="r")
    assert kept == count_file.read_count(path, run_id="r")
    assert count_file.NONE_YET == count_file.read_count(path, run_id="another")
    count_file.write_count(path, None, run_id="r")
    count_file.write_count(path, None, run_id="r")
    assert count_file.NONE_YET == count_file.read_count(path, run_id="r")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"run_id": "r"}', '{"run_id": "r", "restarts": "x"}'])
def test_a_damaged_count_is_none(tmp_path, text) -> None:
    path = tmp_path / "restarts.json"
    path.write_text(text)
    assert count_file.NONE_YET == count_file.read_count(path, run_id="r")


def test_without_a_file_there_is_no_count() -> None:
    count_file.write_count(None, count_file.Count(restarts=3), run_id="r")
    assert count_file.NONE_YET == count_file.read_count(None, run_id="r")


# --- the cgroup ------------------------------------------------------------------------------------


def test_cgroup_v2_is_read(tmp_path) -> None:
    place = tmp_path / "fs" / "pod"
    place.mkdir(parents=True)
    (place / "memory.events").write_text("low 0\noom 1\noom_kill 3\n")
    (place / "memory.max").write_text("536870912\n")
    (place / "memory.peak").write_text("536000000\n")
    (tmp_path / "own").write_text("0::/pod\n")
    found = cgroup_memory.find_cgroup(root=tmp_path / "fs", own=tmp_path / "own")
    assert place == found
    assert 3 == cgroup_memory.oom_kills(found)
    assert "limit 512 MiB, peak 511 MiB" == cgroup_memory.describe_memory(found)


def test_cgroup_v1_is_read_where_the_mount_shows_the_containers_own(tmp_path) -> None:
    place = tmp_path / "fs" / "memory"
    place.mkdir(parents=True)
    (place / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 1\n")
    (place / "memory.limit_in_bytes").write_text("9223372036854771712\n")
    (place / "memory.max_usage_in_bytes").write_text("1048576\n")
    (tmp_path / "own").write_text("4:memory:/kubepods/pod1\n1:cpu:/\n")
    found = cgroup_memory.find_cgroup(root=tmp_path / "fs", own=tmp_path / "own")
    assert place == found
    assert 1 == cgroup_memory.oom_kills(found)
    assert "no limit of its own, peak 1 MiB" == cgroup_memory.describe_memory(found)


def test_without_a_cgroup_nothing_is_claimed(tmp_path) -> None:
    assert cgroup_memory.find_cgroup(root=tmp_path, own=tmp_path / "none") is None
    assert cgroup_memory.oom_kills(None) is None
    assert "limit unknown" == cgroup_memory.describe_memory(None)
