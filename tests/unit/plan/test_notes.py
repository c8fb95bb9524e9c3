"""What was said and has no effect."""

from __future__ import annotations

import pytest

from tfjob_kit import plan
from tfjob_kit.config import schema

OWN = {"command": ["python", "t.py", "--steps", "77"]}


@pytest.fixture
def notes(make_config):
    def find(*given: str, size=2, **parts):
        config = make_config(size, **parts)
        made = plan.make_plan(config, name="job", suffix="", config_yaml="")
        return plan.make_notes(config, plan=made, given=given)

    return find


@pytest.mark.parametrize(
    "key", ["model", "model@x", "train.seed", "data.params.size", "gpu_memory", "train/o"]
)
def test_keys_of_the_shipped_runtime_reach_no_program_of_ones_own(notes, key):
    (note,) = notes(key, **OWN)
    assert note.startswith(f"`{key}`: the job runs a `command` of its own")
    assert () == notes(key)


def test_the_way_out_is_an_interpolation(notes):
    (note,) = notes("model", "train.seed", "gpus", "job.ttl", "communication.env.A", **OWN)
    assert note.startswith("`model`, `train.seed`: ")
    assert "`${model.name}` in the command" in note


def test_a_value_that_the_program_is_told_has_its_effect(notes):
    assert () == notes("train.steps", train=schema.TrainConfig(steps=77), **OWN)
    told = {"env": {"STEPS": "88"}, "command": ["train"]}
    assert () == notes("train.steps", train=schema.TrainConfig(steps=88), **told)


def test_keys_of_workers_wait_for_a_job_that_has_some(notes):
    parts = {
        "overlay": schema.OverlayConfig(worker={"spec": {"hostname": "x"}}),
        "resources": schema.ResourcesConfig(
            roles=schema.RolesConfig(worker=schema.RoleResourcesConfig(cpu="1"))
        ),
    }
    assert [
        "`resources.roles.worker` has no effect: the chief is alone, a job of this size has no workers",
        "`overlay.worker` has no effect: the chief is alone, a job of this size has no workers",
    ] == list(notes(size=1, **parts))
    assert () == notes(size=2, **parts)
