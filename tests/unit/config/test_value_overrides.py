"""What overrides do to the config, and what each field takes."""

from pathlib import Path

import pytest

from tfjob_kit.config import compose, schema

APPLIED = [
    (["gpus=4"], "gpus", schema.Size(replicas=4, per_replica=1)),
    (["gpus=2x4"], "gpus", schema.Size(replicas=2, per_replica=4)),
    (["gpus=0"], "gpus", schema.Size(replicas=0, per_replica=0)),
    (["gpus=A100-80GB:2x4"], "gpus", schema.Size(replicas=2, per_replica=4, type="A100-80GB")),
    (["gpus=mig-1g.10gb:2"], "gpus", schema.Size(replicas=2, per_replica=1, type="mig-1g.10gb")),
    (["name=1.10"], "name", "1.10"),
    (["name=1e3"], "name", "1e3"),
    (["name=0777"], "name", "0777"),
    (["name=yes"], "name", "yes"),
    (["name=22:22"], "name", "22:22"),
    (["name='null'"], "name", "null"),
    (["name=null"], "name", None),
    (["name=None"], "name", "None"),
    (["name=a=b"], "name", "a=b"),
    (["name="], "name", ""),
    (["train.steps=1_000"], "train.steps", 1000),
    (["train.optimizer.learning_rate=1"], "train.optimizer.learning_rate", 1.0),
    (["train.optimizer.learning_rate=1e-3"], "train.optimizer.learning_rate", 0.001),
    (["train.warm_restart=FALSE"], "train.warm_restart", False),
    (["train.precision=mixed_float16"], "train.precision", schema.Precision.mixed_float16),
    (["gpu_memory.mode=async"], "gpu_memory.mode", schema.GpuMemoryMode.async_),
    (["job.clean_pod_policy=None"], "job.clean_pod_policy", schema.CleanPodPolicy.None_),
    (["job.deadline=7d"], "job.deadline", 604800),
    (["job.deadline=1d2h3m4s"], "job.deadline", 93784),
    (["job.deadline=90"], "job.deadline", 90),
    (["~job.ttl"], "job.ttl", None),
    (["~job.ttl=7d"], "job.ttl", None),
    (["~job.ttl=604800"], "job.ttl", None),
    (["resources.cpu=500m"], "resources.cpu", "500m"),
    (["resources.memory=16Gi"], "resources.memory", "16Gi"),
    (["resources.memory=1e9"], "resources.memory", "1e9"),
    (["command=[python,-m,x]"], "command", ["python", "-m", "x"]),
    (["command=[a]", "command+=[b,1]"], "command", ["a", "b", "1"]),
    (["command=[a,b]", "command[-1]=c"], "command", ["a", "c"]),
    (["command=[a,b]", "~command[0]"], "command", ["b"]),
    (["+env.A=4"], "env", {"A": "4"}),
    (["++env.A=4", "++env.A=5"], "env", {"A": "5"}),
    (["env={A:1,B:x}"], "env", {"A": "1", "B": "x"}),
    (["+job.labels.app\\.kubernetes\\.io/name='4'"], "job.labels", {"app.kubernetes.io/name": "4"}),
    (["train={steps:7}"], "train.steps", 7),
    (["train={steps:7}", "train.steps=8"], "train.steps", 8),
    (["model.params={x:1}"], "model.params", {"filters": 32, "dropout": 0.3, "x": 1}),
    (["+model.params.deep.er=[1,{a:null}]"], "model.params.deep", {"er": [1, {"a": None}]}),
    (["~model.params.dropout"], "model.params", {"filters": 32}),
    (["+model.params.s='1'"], "model.params.s", "1"),
    (["+volumes.d={claim:c,mount_path:/d}", "volumes.d.read_only=true"], "volumes.d.read_only", True),
    (["placement.tolerations+=[{key:gpu}]"], "placement.tolerations", [{"key": "gpu"}]),
    # interpolation
    (["train.seed=${train.steps}"], "train.seed", 600),
    (["name=run-${train.steps}-${gpus}"], "name", "run-600-1"),
    (["+env.A=${name}", "name=1.10"], "env", {"A": "1.10"}),
    (["+model.params.tag=${name}", "name=1.10"], "model.params.tag", "1.10"),
    (["+model.params.s=${train.seed}"], "model.params.s", 1),
    (["+model.params.l=${command}", "command=[a,b]"], "model.params.l", ["a", "b"]),
    (["job.deadline=${job.ttl}"], "job.deadline", 604800),
    (["train.steps=${oc.env:TFJOB_KIT_STEPS}"], "train.steps", 5),
    (["train.steps=${oc.env:TFJOB_KIT_UNSET,9}"], "train.steps", 9),
    (["name=\\${train.steps}"], "name", "${train.steps}"),
    (["+env.A='a\\${b}'"], "env", {"A": "a${b}"}),
    (["+env.A=x${oc.env:TFJOB_KIT_STEPS}y"], "env", {"A": "x5y"}),
    (["+volumes.d={claim:c,mount_path:/d}", "output.dir=${volumes.d.mount_path}"], "output.dir", "/d"),
    (["+volumes.d={claim:c}", "job.suspend=${volumes.d.read_only}"], "job.suspend", False),
]


@pytest.mark.parametrize(("overrides", "key", "value"), APPLIED)
def test_overrides_change_the_config(
    overrides: list[str], key: str, value: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TFJOB_KIT_STEPS", "5")
    monkeypatch.delenv("TFJOB_KIT_UNSET", raising=False)
    found: object = compose(overrides, cwd=tmp_path).config
    for part in key.split("."):
        found = found[part] if isinstance(found, dict) else getattr(found, part)  # pyright: ignore
    assert found == value
    assert type(found) is type(value)


def test_a_new_entry_of_an_open_map_of_dataclasses_has_the_schemas_defaults(tmp_path: Path) -> None:
    config = compose(["+site.gpu_types.A.node_selector.gpu=a100"], cwd=tmp_path).config
    assert config.site.gpu_types == {"A": schema.GpuTypeConfig(node_selector={"gpu": "a100"})}


def test_nothing_is_shared_between_two_compositions(tmp_path: Path) -> None:
    compose(["+env.A=1"], cwd=tmp_path).config.env["B"] = "2"
    assert compose([], cwd=tmp_path).config.env == {}
