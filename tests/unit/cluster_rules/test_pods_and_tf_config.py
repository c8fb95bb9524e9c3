from __future__ import annotations

import json

import pytest

from tfjob_kit.cluster import rules

NOW = rules.parse_time("2026-01-31T12:00:00Z")


def test_tf_config_is_the_operators_to_the_byte(make_job):
    job = make_job(Chief=1, Worker=2)
    assert rules.tf_config(job, role="Worker", index=1) == (
        '{"cluster":{"chief":["job-chief-0.ns.svc:2222"],'
        '"worker":["job-worker-0.ns.svc:2222","job-worker-1.ns.svc:2222"]},'
        '"task":{"type":"worker","index":1},"environment":"cloud"}'
    )


@pytest.mark.parametrize("sizes", [{"Chief": 1}, {"Worker": 1}, {"Chief": 1, "Worker": 0}])
def test_one_replica_in_all_has_no_tf_config(make_job, sizes):
    assert rules.tf_config(make_job(**sizes), role="Chief", index=0) is None


def test_roles_are_sorted_and_the_evaluator_is_listed(make_job):
    job = make_job(Worker=1, Evaluator=1, Chief=1)
    cluster = json.loads(rules.tf_config(job, role="Evaluator", index=0) or "")["cluster"]
    assert list(cluster) == ["chief", "evaluator", "worker"]


def test_the_named_port_is_the_roles_own(make_job):
    job = make_job(Chief=1, Worker=1)
    container = job["spec"]["tfReplicaSpecs"]["Worker"]["template"]["spec"]["containers"][0]
    container["ports"] = [
        {"name": "metrics", "containerPort": 9},
        {"name": "tfjob-port", "containerPort": 3333},
    ]
    cluster = json.loads(rules.tf_config(job, role="Chief", index=0) or "")["cluster"]
    assert cluster == {"chief": ["job-chief-0.ns.svc:2222"], "worker": ["job-worker-0.ns.svc:3333"]}


def test_an_engine_says_where_replicas_are(make_job):
    value = rules.tf_config(
        make_job(Chief=1, Worker=1),
        role="Chief",
        index=0,
        address_of=lambda role, index: f"127.0.0.1:{role}{index}",
    )
    assert json.loads(value or "")["cluster"] == {
        "chief": ["127.0.0.1:chief0"],
        "worker": ["127.0.0.1:worker0"],
    }


def test_dynamic_workers_know_themselves_alone(make_job):
    job = make_job(Worker=2, PS=1, spec={"enableDynamicWorker": True})
    assert json.loads(rules.tf_config(job, role="Worker", index=1) or "") == {
        "cluster": {"worker": {"1": "job-worker-1.ns.svc:2222"}, "ps": ["job-ps-0.ns.svc:2222"]},
        "task": {"type": "worker", "index": 1},
    }
    ps = json.loads(rules.tf_config(job, role="PS", index=0) or "")["cluster"]
    assert ps == {"worker": {}, "ps": ["job-ps-0.ns.svc:2222"]}


def test_containers_beside_tensorflow_get_neither_port_nor_tf_config(make_job):
    job = make_job(Chief=1, Worker=1)
    spec = job["spec"]["tfReplicaSpecs"]["Worker"]["template"]["spec"]
    spec["containers"].insert(0, {"name": "sidecar", "image": "x"})
    sidecar, tensorflow = rules.build_pod(job, role="Worker", index=0, uid="u", now=NOW)["spec"]["containers"]
    assert "env" not in sidecar
    assert "ports" not in sidecar
    assert tensorflow["env"][-1]["name"] == "TF_CONFIG"


def test_a_pod_is_what_the_operator_makes(make_job):
    job = make_job(Chief=1, Worker=2)
    template = job["spec"]["tfReplicaSpecs"]["Worker"]["template"]
    template["metadata"] = {
        "labels": {"app": "x", "training.kubeflow.org/job-name": "wrong"},
        "annotations": {"a": "b"},
    }
    template["spec"]["containers"][0] |= {
        "env": [{"name": "A", "value": "1"}],
        "resources": {"limits": {"nvidia.com/gpu": "1"}},
    }
    pod = rules.build_pod(job, role="Worker", index=1, uid="pod-uid", now=NOW)
    assert pod["metadata"] == {
        "name": "job-worker-1",
        "namespace": "ns",
        "uid": "pod-uid",
        "creationTimestamp": "2026-01-31T12:00:00Z",
        "labels": {
            "app": "x",
            "training.kubeflow.org/operator-name": "tfjob-controller",
            "training.kubeflow.org/job-name": "job",
            "training.kubeflow.org/replica-type": "worker",
            "training.kubeflow.org/replica-index": "1",
        },
        "annotations": {"a": "b"},
        "ownerReferences": [
            {
                "apiVersion": "kubeflow.org/v1",
                "kind": "TFJob",
                "name": "job",
                "uid": "job-uid",
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ],
    }
    container = pod["spec"]["containers"][0]
    assert [entry["name"] for entry in container["env"]] == ["A", "TF_CONFIG"]
    assert container["ports"] == [{"name": "tfjob-port", "containerPort": 2222, "protocol": "TCP"}]
    assert container["resources"]["requests"] == {"nvidia.com/gpu": "1"}
    assert pod["spec"]["restartPolicy"] == "Never"
    assert pod["status"] == {"phase": "Pending"}
    assert "ports" not in template["spec"]["containers"][0]


@pytest.mark.parametrize(
    ("policy", "kubelets"),
    [("ExitCode", "Never"), ("OnFailure", "OnFailure"), ("Never", "Never"), ("Always", "Always")],
)
def test_the_kubelet_gets_its_own_policy(make_job, policy, kubelets):
    pod = rules.build_pod(make_job(restart_policy=policy), role="Chief", index=0, uid="u", now=NOW)
    assert pod["spec"]["restartPolicy"] == kubelets


@pytest.mark.parametrize(
    ("sizes", "masters"),
    [
        ({"Chief": 1, "Worker": 2}, {"Chief": [0]}),
        ({"Worker": 2}, {"Worker": [0]}),
        ({"Master": 1, "PS": 1}, {"Master": [0]}),
    ],
)
def test_one_replica_is_labelled_master(make_job, sizes, masters):
    job = make_job(**sizes)
    for role, size in sizes.items():
        for index in range(size):
            pod = rules.build_pod(job, role=role, index=index, uid="u", now=NOW)
            is_master = pod["metadata"]["labels"].get("training.kubeflow.org/job-role") == "master"
            assert is_master == (index in masters.get(role, []))


def test_defaults_leave_the_stored_job_alone(make_job):
    job = make_job(chief=1)
    before = json.dumps(job)
    assert list(rules.with_defaults(job)["spec"]["tfReplicaSpecs"]) == ["Chief"]
    assert json.dumps(job) == before
