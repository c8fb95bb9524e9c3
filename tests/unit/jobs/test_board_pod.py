"""The pod that shows a job's curves where the cluster has nothing that does."""

from __future__ import annotations

from typing import Any

from tfjob_kit.cluster import port
from tfjob_kit.jobs.board import FOLDER
from tfjob_kit.jobs.board_pod import make_board_pod
from tfjob_kit.jobs.output import find_output

from .planned import planned_job

LIMITED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def pod_of(*overrides: str) -> dict[str, Any]:
    job = planned_job(*overrides)
    return make_board_pod(job, find_output(job, keeps_scratch=False), folder=FOLDER)


def test_the_whole_pod() -> None:
    pod = pod_of("output.claim=data", "site.image=registry.example/team/image:1")

    job = planned_job("output.claim=data")
    affinity = pod["spec"].pop("affinity")["podAffinity"]
    [near] = affinity["preferredDuringSchedulingIgnoredDuringExecution"]
    assert {port.JOB_NAME_LABEL: "train"} == near["podAffinityTerm"]["labelSelector"]["matchLabels"]
    template = job["spec"]["tfReplicaSpecs"]["Chief"]["template"]["spec"]
    assert template["securityContext"] == pod["spec"].pop("securityContext")
    assert pod == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "train-tensorboard",
            "namespace": "default",
            "labels": {
                "app.kubernetes.io/managed-by": "tfjob-kit",
                "app.kubernetes.io/component": "tensorboard",
                "app.kubernetes.io/part-of": "train",
                "sidecar.istio.io/inject": "false",
            },
        },
        "spec": {
            "automountServiceAccountToken": False,
            "restartPolicy": "Never",
            "activeDeadlineSeconds": 43200,
            "terminationGracePeriodSeconds": 1,
            "containers": [
                {
                    "name": "tensorboard",
                    "image": "registry.example/team/image:1",
                    "securityContext": LIMITED,
                    "command": [
                        *["python", "-m", "tensorboard.main", "--logdir", "/output/tensorboard"],
                        *["--host", "0.0.0.0", "--port", "6006"],
                    ],
                    "env": [{"name": "HOME", "value": "/scratch"}, {"name": "TMPDIR", "value": "/scratch"}],
                    "ports": [{"name": "http", "containerPort": 6006}],
                    "readinessProbe": {
                        "tcpSocket": {"port": 6006},
                        "periodSeconds": 1,
                        "failureThreshold": 300,
                    },
                    "resources": {
                        "requests": {"cpu": "250m", "memory": "1Gi"},
                        "limits": {"cpu": "1", "memory": "2Gi"},
                    },
                    "volumeMounts": [
                        {"name": "output", "mountPath": "/output", "readOnly": True},
                        {"name": "scratch", "mountPath": "/scratch"},
                    ],
                }
            ],
            "volumes": [
                {"name": "output", "persistentVolumeClaim": {"claimName": "data", "readOnly": True}},
                {"name": "scratch", "emptyDir": {}},
            ],
        },
    }


def test_the_way_inside_the_claim_is_kept() -> None:
    pod = pod_of("+volumes.disk={mount_path: /mnt, claim: data}", "output.dir=/mnt/runs/a")
    command = pod["spec"]["containers"][0]["command"]
    assert "/output/runs/a/tensorboard" == command[command.index("--logdir") + 1]


def test_it_is_no_replica_of_the_job() -> None:
    labels = pod_of("output.claim=data")["metadata"]["labels"]
    assert not [label for label in labels if label.startswith("training.kubeflow.org/")]
