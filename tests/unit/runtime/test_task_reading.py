"""TF_CONFIG in all its forms."""

from __future__ import annotations

import json

import pytest

from tfjob_kit import errors
from tfjob_kit.runtime.task import Task, read_task, split_address

ALONE = Task(role="chief", index=0, rank=0, world_size=1, peers={})
CHIEF = ["j-chief-0.ns.svc:2222"]
WORKERS = ["j-worker-0.ns.svc:2222", "j-worker-1.ns.svc:2222"]


def config(cluster: object, role: object = "chief", index: object = 0) -> dict[str, str]:
    task = {"type": role, "index": index}
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": task, "environment": "cloud"})}


@pytest.mark.parametrize("environ", [{}, {"TF_CONFIG": ""}, {"TF_CONFIG": " "}, {"TF_CONFIG": "{}"}])
def test_without_a_cluster_there_is_one_replica(environ) -> None:
    assert ALONE == read_task(environ)


def test_chief_first_then_workers_by_index() -> None:
    cluster = {"worker": WORKERS, "chief": CHIEF}
    task = read_task(config(cluster, "worker", 1))
    assert ["chief-0", "worker-0", "worker-1"] == list(task.peers)
    assert ("worker-1", 2, 3, False) == (task.name, task.rank, task.world_size, task.is_chief)
    assert read_task(config(cluster)).is_chief
    assert not read_task(config(cluster, "worker", 0)).is_chief


def test_without_a_chief_the_first_worker_is_it() -> None:
    assert read_task(config({"worker": WORKERS}, "worker", 0)).is_chief
    assert not read_task(config({"worker": WORKERS}, "worker", 1)).is_chief


@pytest.mark.parametrize("cluster", [{"chief": CHIEF}, {"chief": CHIEF, "worker": []}])
def test_a_cluster_of_one_has_no_peers(cluster) -> None:
    assert read_task(config(cluster)) == ALONE


def test_an_evaluator_stands_apart() -> None:
    cluster = {"chief": CHIEF, "worker": WORKERS, "evaluator": ["j-evaluator-0.ns.svc:2222"]}
    task = read_task(config(cluster, "evaluator", 0))
    assert ({}, False) == (task.peers, task.is_chief)
    assert 3 == read_task(config(cluster)).world_size


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"TF_CONFIG": "{"}, "TF_CONFIG is not JSON: Expecting property name"),
        ({"TF_CONFIG": "[1]"}, "TF_CONFIG is not a JSON object: '[1]'"),
        ({"TF_CONFIG": json.dumps({"cluster": {"chief": CHIEF}})}, "TF_CONFIG has a cluster and no `task`"),
        (config({"ps": ["h:1"], "worker": WORKERS}), "TF_CONFIG has the role `ps`"),
        (config({"master": CHIEF}), "TF_CONFIG has the role `master`"),
        (config({"chief": [*CHIEF, *WORKERS]}), "TF_CONFIG has 3 chiefs; TensorFlow takes one"),
        (config({"chief": CHIEF, "worker": {"1": "h:1"}}), "TF_CONFIG lists no addresses under `worker`"),
        (config({"chief": ["host"]}), "TF_CONFIG gives chief-0 the address 'host', not host:port"),
        (config({"chief": [5]}), "TF_CONFIG gives chief-0 the address 5, not host:port"),
        (config({"chief": CHIEF}, "worker", 4), "TF_CONFIG gives this replica the place `worker-4`"),
        (config({"chief": CHIEF}, "boss", 0), "TF_CONFIG gives this replica the place 'boss' 0"),
        (config({"chief": CHIEF}, "chief", "0"), "TF_CONFIG gives this replica the place 'chief' '0'"),
    ],
)
def test_what_cannot_be_trained_is_one_clear_error(environ, message) -> None:
    with pytest.raises(errors.ConfigError) as caught:
        read_task(environ)
    assert caught.value.message.startswith(message)
    assert "TF_CONFIG" == caught.value.where
    assert caught.value.hint


def test_addresses_of_every_kind_are_split() -> None:
    assert ("j-chief-0.ns.svc", 2222) == split_address("j-chief-0.ns.svc:2222")
    assert ("fd00::1", 2222) == split_address("[fd00::1]:2222")
    with pytest.raises(ValueError, match="not host:port"):
        split_address("host")
