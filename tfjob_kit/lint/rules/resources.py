"""GPUs, memory and shared memory of replicas."""

from __future__ import annotations

from collections.abc import Iterator

from tfjob_kit.lint.amount import amount_of
from tfjob_kit.lint.job import Container, Job, is_gpu, number
from tfjob_kit.lint.part import Part
from tfjob_kit.lint.rule import Edit, Hit, Rule, Set, Severity

__all__ = ["RULES"]

_SHARED_MEMORY = "/dev/shm"


def _quantity(job: Job) -> Iterator[Hit]:
    for container in job.containers:
        for kind in ("requests", "limits"):
            for name, part in container.part.at("resources", kind).entries():
                if isinstance(part.value, str) and amount_of(part) is None:
                    yield Hit(part, f"`{part.value[:40]}` is no quantity for {name}")
    for role in job.roles:
        for volume in role.pod.at("volumes").items():
            size = volume.at("emptyDir", "sizeLimit")
            if isinstance(size.value, str) and amount_of(size) is None:
                yield Hit(size, f"`{size.value[:40]}` is no quantity")


def _gpu_amounts(job: Job) -> Iterator[Hit]:
    for container in job.containers:
        requests, limits = (container.part.at("resources", kind) for kind in ("requests", "limits"))
        names = [name for name, _ in (*requests.entries(), *limits.entries()) if "/" in name]
        for name in dict.fromkeys(names):
            yield from _extended(requests.at(name), limits.at(name), name)


def _extended(asked: Part, limit: Part, name: str) -> Iterator[Hit]:
    if name.startswith(("kubernetes.io/", "hugepages-")):
        return
    edits: tuple[Edit, ...]
    for part in (asked, limit):
        amount = number(part.value)
        if part.exists and (amount is None or amount < 0 or amount != int(amount)):
            yield Hit(part, f"{name} of `{str(part.value)[:40]}`: pods are refused, it comes in whole pieces")
            return
    if not limit.exists:
        edits = (Set(path=limit.path, value=asked.value),)
        yield Hit(asked, f"{name} stands under requests alone: pods are refused", edits=edits)
    elif asked.exists and number(asked.value) != number(limit.value):
        edits = (Set(path=asked.path, value=limit.value),)
        yield Hit(
            asked,
            f"{asked.value} {name} requested, limit {limit.value}: pods are refused, both must be equal",
            edits=edits,
        )


def _gpus_differ(job: Job) -> Iterator[Hit]:
    leader, workers = job.leader, job.role("Worker")
    if leader is None or workers is None or not leader.tensorflow or not workers.tensorflow:
        return
    if leader.gpus != workers.gpus and workers.gpus:
        place = leader.tensorflow.part.at("resources", "limits")
        yield Hit(
            place,
            f"the {leader.key} has {leader.gpus} GPUs and each worker {workers.gpus}: "
            "MultiWorkerMirroredStrategy gives each the same work",
        )


def _no_shm(job: Job) -> Iterator[Hit]:
    if job.gpus < 2:
        return
    for role in job.trainers:
        volume = role.volume(_SHARED_MEMORY)
        if not role.gpus or role.tensorflow is None:
            continue
        if volume is None or (
            volume.at("emptyDir").exists and volume.at("emptyDir", "medium").value != "Memory"
        ):
            yield Hit(
                role.pod.at("volumes") if volume is None else volume,
                f"without memory at {_SHARED_MEMORY} NCCL has the 64 MB of the container runtime and may "
                "fail with `no space left`",
            )


def _shm_exceeds(job: Job) -> Iterator[Hit]:
    for role in job.roles:
        main, volume = role.tensorflow, role.volume(_SHARED_MEMORY)
        if main is None or volume is None or volume.at("emptyDir", "medium").value != "Memory":
            continue
        yield from _compare_shm(main, volume.at("emptyDir", "sizeLimit"))


def _compare_shm(main: Container, size: Part) -> Iterator[Hit]:
    limit = main.part.at("resources", "limits", "memory")
    shared, memory = amount_of(size), amount_of(limit)
    if shared is not None and memory is not None and shared >= memory:
        yield Hit(
            size,
            f"/dev/shm of {size.value} counts in the memory of {limit.value} and leaves nothing to train "
            "with",
        )


def _no_gpu(job: Job) -> Iterator[Hit]:
    if any(is_gpu(name) for main in job.mains for name in _names(main)):
        return
    for main in job.mains:
        image = main.part.at("image")
        tag = (image.text or "").partition("@")[0].rpartition(":")[2]
        if "gpu" in tag.lower().split("-"):
            yield Hit(image, "the image is made for GPUs and no replica asks for one: it trains on the CPU")


def _names(main: Container) -> list[str]:
    kinds = (main.part.at("resources", kind) for kind in ("limits", "requests"))
    return [name for kind in kinds for name, _ in kind.entries()]


_LIMITS = {"cpu": "4", "memory": "16Gi"}

RULES = (
    Rule(
        id="quantity",
        severity=Severity.error,
        title="a text that is no quantity",
        check=_quantity,
        fix="write it as Kubernetes does: `500m`, `16Gi`",
        source="Kubernetes v1.36, apimachinery pkg/api/resource/quantity.go",
        good={"main.resources": {"limits": {"memory": "16Gi"}}},
        bad={"main.resources": {"limits": {"memory": "16GB"}}},
    ),
    Rule(
        id="gpu-amount",
        severity=Severity.error,
        title="GPUs that no pod can ask for",
        check=_gpu_amounts,
        fix="whole numbers under `limits`; requests equal to them or left out",
        source="Kubernetes documentation: extended resources, schedule GPUs",
        good={"main.resources": {"limits": {**_LIMITS, "nvidia.com/gpu": 1}}},
        bad={"main.resources": {"requests": {"nvidia.com/gpu": 1}, "limits": _LIMITS}},
    ),
    Rule(
        id="gpus-differ",
        severity=Severity.warning,
        title="a chief and workers with different GPUs",
        check=_gpus_differ,
        fix="give each the same number",
        key_fix="give each the same number: `gpus=2x4` is two replicas of four",
        source="TensorFlow 2.21: MultiWorkerMirroredStrategy needs the same local replicas everywhere",
        good={"roles.Worker.replicas": 1},
        bad={
            "roles.Chief.template.spec.containers.0.resources": {"limits": {**_LIMITS, "nvidia.com/gpu": 2}}
        },
    ),
    Rule(
        id="no-gpu",
        severity=Severity.info,
        title="an image for GPUs and no GPU",
        check=_no_gpu,
        fix="ask for GPUs under `limits`: `nvidia.com/gpu: 1`",
        key_fix="ask for GPUs, e.g. `gpus=1`",
        source="Kubernetes documentation: schedule GPUs; a container sees only those it asks for",
        good={"main.image": "tensorflow/tensorflow:2.21.0-gpu"},
        bad={"main.image": "tensorflow/tensorflow:2.21.0-gpu", "main.resources": {"limits": _LIMITS}},
    ),
    Rule(
        id="no-shm",
        severity=Severity.warning,
        title="GPUs without shared memory",
        check=_no_shm,
        fix="mount an `emptyDir` with `medium: Memory` and a `sizeLimit` at /dev/shm",
        key_fix="keep `resources.shared_memory` at 1Gi or more where there are GPUs",
        source="NVIDIA NCCL documentation, troubleshooting: shared memory",
        good={},
        bad={"main.volumeMounts": [{"name": "checkpoints", "mountPath": "/checkpoints"}]},
    ),
    Rule(
        id="shm-exceeds-memory",
        severity=Severity.error,
        title="shared memory as large as the memory",
        check=_shm_exceeds,
        fix="raise the memory limit or lower the `sizeLimit`",
        key_fix="raise `resources.memory` or lower `resources.shared_memory`",
        source="Kubernetes documentation: emptyDir of medium Memory counts in the containers' limits",
        good={"pod.volumes": [{"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "2Gi"}}]},
        bad={"pod.volumes": [{"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "16Gi"}}]},
    ),
)
