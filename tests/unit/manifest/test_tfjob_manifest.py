from __future__ import annotations

import subprocess
import sys

import pytest
import yaml

from tfjob_kit import manifest, plan
from tfjob_kit.config import schema


def _build(gpus=2, **parts):
    size = schema.Size(replicas=gpus, per_replica=min(gpus, 1))
    config = schema.RunConfig(gpus=size, **parts)
    return manifest.build_tfjob(
        plan.make_plan(config, name="job", suffix="", config_yaml="a: 1\nb: |\n  x\n")
    )


def _templates(job):
    return [role["template"] for role in job["spec"]["tfReplicaSpecs"].values()]


def test_chief_and_workers_are_alike_but_for_their_number():
    roles = _build(4)["spec"]["tfReplicaSpecs"]
    assert {name: role["replicas"] for name, role in roles.items()} == {"Chief": 1, "Worker": 3}
    assert roles["Chief"]["template"] == roles["Worker"]["template"]


def test_a_single_chief_has_no_worker_role():
    assert list(_build(1)["spec"]["tfReplicaSpecs"]) == ["Chief"]


def test_requests_equal_limits_and_name_gpus_in_whole_numbers():
    resources = _templates(_build())[0]["spec"]["containers"][0]["resources"]
    assert resources["requests"] == resources["limits"]
    assert resources["limits"] == {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "1"}


def test_a_cpu_job_asks_for_no_gpu():
    resources = _templates(_build(0, replicas=2))[0]["spec"]["containers"][0]["resources"]
    assert list(resources["limits"]) == ["cpu", "memory"]


def test_the_run_policy_is_always_written():
    assert _build()["spec"]["runPolicy"] == {
        "cleanPodPolicy": "Running",
        "ttlSecondsAfterFinished": 604800,
        "suspend": False,
    }
    job = schema.JobConfig(deadline=60, ttl=None, suspend=True, restart_policy=schema.RestartPolicy.OnFailure)
    assert _build(job=job)["spec"]["runPolicy"] == {
        "cleanPodPolicy": "Running",
        "activeDeadlineSeconds": 60,
        "backoffLimit": 7,
        "suspend": True,
    }


def test_the_run_policy_of_a_gang_in_a_multikueue_queue():
    gang = schema.GangConfig(
        enabled=True, queue="q", priority_class="high", timeout=60, min_resources={"cpu": "8"}
    )
    job = schema.JobConfig(queue="team-a", managed_by=schema.ManagedBy.multikueue, gang=gang)
    assert _build(2, job=job)["spec"]["runPolicy"] == {
        "cleanPodPolicy": "Running",
        "ttlSecondsAfterFinished": 604800,
        "suspend": False,
        "managedBy": "kueue.x-k8s.io/multikueue",
        "schedulingPolicy": {
            "minAvailable": 2,
            "queue": "q",
            "priorityClass": "high",
            "scheduleTimeoutSeconds": 60,
            "minResources": {"cpu": "8"},
        },
    }


def test_a_sidecar_is_an_init_container_that_the_kubelet_keeps_running():
    sidecar = schema.SidecarConfig(image="l:1", args=["-v"], env={"A": "1"}, mounts={"output": "/logs"})
    site = schema.SiteConfig(image_pull_policy=schema.ImagePullPolicy.Always)
    for template in _templates(_build(2, sidecars={"log": sidecar}, site=site)):
        assert template["spec"]["initContainers"] == [
            {
                "name": "log",
                "image": "l:1",
                "imagePullPolicy": "Always",
                "args": ["-v"],
                "env": [{"name": "A", "value": "1"}],
                "restartPolicy": "Always",
                "resources": {
                    "requests": {"cpu": "100m", "memory": "128Mi"},
                    "limits": {"cpu": "100m", "memory": "128Mi"},
                },
                "volumeMounts": [{"name": "output", "mountPath": "/logs"}],
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ]


def test_an_evaluator_is_a_role_of_its_own():
    job = schema.JobConfig(evaluator=True, evaluator_gpus=2)
    roles = _build(2, command=["train"], job=job)["spec"]["tfReplicaSpecs"]
    assert {"Chief": 1, "Worker": 1, "Evaluator": 1} == {name: r["replicas"] for name, r in roles.items()}
    assert ["1", "1", "2"] == [
        role["template"]["spec"]["containers"][0]["resources"]["limits"]["nvidia.com/gpu"]
        for role in roles.values()
    ]


def test_pods_are_kept_out_of_the_mesh_and_are_scraped():
    for template in _templates(_build(2)):
        assert template["metadata"]["labels"]["sidecar.istio.io/inject"] == "false"
        assert template["metadata"]["annotations"]["sidecar.istio.io/inject"] == "false"
        assert template["metadata"]["annotations"]["prometheus.io/port"] == "2224"


def test_ones_own_program_is_not_scraped():
    template = _templates(_build(2, command=["train"]))[0]
    assert "prometheus.io/scrape" not in template["metadata"]["annotations"]
    assert template["spec"]["containers"][0]["command"] == ["train"]


def test_pods_pass_the_restricted_profile():
    for template in _templates(_build(2)):
        pod, container = template["spec"], template["spec"]["containers"][0]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        }
        assert pod["automountServiceAccountToken"] is False
        assert {tuple(volume)[1] for volume in pod["volumes"]} <= {"emptyDir", "persistentVolumeClaim"}


def test_the_queue_stands_on_the_job_alone():
    job = _build(job=schema.JobConfig(queue="research"))
    assert job["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "research"
    assert all("kueue.x-k8s.io/queue-name" not in t["metadata"]["labels"] for t in _templates(job))


def test_a_read_only_volume_is_mounted_so():
    volume = schema.VolumeConfig(mount_path="/data", claim="data", read_only=True)
    container = _templates(_build(volumes={"data": volume}))[0]["spec"]["containers"][0]
    assert container["volumeMounts"][-1] == {"name": "data", "mountPath": "/data", "readOnly": True}


def test_the_config_can_be_read_in_the_yaml():
    text = manifest.dump(_build(1), "yaml")
    assert "value: |\n                    a: 1\n                    b: |\n                      x\n" in text
    assert yaml.safe_load(text) == _build(1)
    assert "&id" not in text


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_a_manifest_ends_with_one_newline(form):
    text = manifest.dump(_build(1), form)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_building_imports_no_client_and_no_tensorflow():
    program = (
        "import sys\n"
        "from tfjob_kit import manifest, plan\n"
        "from tfjob_kit.config import compose\n"
        "job = plan.make_plan(compose(['gpus=2']).config, name='job', suffix='')\n"
        "manifest.dump(manifest.build_tfjob(job), 'yaml')\n"
        "print([m for m in ('kubernetes', 'kubeflow', 'tensorflow', 'keras', 'typer') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_claim_is_one_volume_however_often_it_is_mounted():
    job = _build(
        volumes={
            "images": schema.VolumeConfig(
                mount_path="/data", claim="team", sub_path="images", read_only=True
            ),
            "fonts": schema.VolumeConfig(mount_path="/fonts", claim="public", read_only=True),
            "more": schema.VolumeConfig(mount_path="/more", claim="public", sub_path="more", read_only=True),
        },
        output=schema.OutputConfig(claim="team"),
        sidecars={"logs": schema.SidecarConfig(image="logs", mounts={"images": "/images"})},
    )
    for template in _templates(job):
        assert template["spec"]["volumes"][1:] == [
            {"name": "output", "persistentVolumeClaim": {"claimName": "team"}},
            {"name": "fonts", "persistentVolumeClaim": {"claimName": "public", "readOnly": True}},
        ]
        assert template["spec"]["containers"][0]["volumeMounts"][1:] == [
            {"name": "output", "mountPath": "/output"},
            {"name": "output", "mountPath": "/data", "subPath": "images", "readOnly": True},
            {"name": "fonts", "mountPath": "/fonts", "readOnly": True},
            {"name": "fonts", "mountPath": "/more", "subPath": "more", "readOnly": True},
        ]
        assert template["spec"]["initContainers"][0]["volumeMounts"] == [
            {"name": "output", "mountPath": "/images", "subPath": "images", "readOnly": True}
        ]
