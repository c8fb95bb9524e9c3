"""What a machine's GPUs, ports and cores mean for jobs."""

from __future__ import annotations

import itertools
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tfjob_kit import errors

from .conftest import Bench, eventually, make_job

SHOW = "echo gpus=$CUDA_VISIBLE_DEVICES claimed=${TFJOB_KIT_GPUS-unset} port=$TFJOB_KIT_PORT; exec sleep 600"
STAY = ("sh", "-c", SHOW)
MakeBench = Callable[..., Bench]


def shown(bench: Bench, ref: object, role: str = "chief", index: int = 0) -> dict[str, str]:
    eventually(lambda: bench.printed(ref, "gpus=", role), what=f"{role} is up")  # type: ignore[arg-type]
    eventually(lambda: bench.lines(ref, role, index))  # type: ignore[arg-type]
    line = bench.lines(ref, role, index)[0]  # type: ignore[arg-type]
    return dict(word.split("=") for word in line.split())


def test_gpus_are_divided_among_replicas(make_bench: MakeBench) -> None:
    bench = make_bench(find_gpus=two)
    ref = bench.submit("job", *STAY, workers=1, gpus=1)
    assert {"0", "1"} == {shown(bench, ref)["gpus"], shown(bench, ref, "worker")["gpus"]}


def test_a_job_waits_for_gpus_that_another_holds_and_then_runs(make_bench: MakeBench) -> None:
    bench = make_bench(find_gpus=two)
    first = bench.submit("first", *STAY, workers=1, gpus=1)
    shown(bench, first, "worker")
    second = bench.submit("second", *STAY, gpus=1)
    eventually(lambda: "FailedScheduling" in bench.reasons(second), what="it says that it waits")
    pod = bench.pod(second)
    assert pod is not None
    assert "Pending" == pod["status"]["phase"]
    bench.engine.delete(first)
    assert shown(bench, second)["gpus"] in ("0", "1")


def test_gpus_of_a_killed_keeper_are_free_again(make_bench: MakeBench) -> None:
    bench = make_bench(find_gpus=two)
    first = bench.submit("first", *STAY, gpus=2)
    assert "0,1" == shown(bench, first)["gpus"]
    os.kill(bench.keeper(first), signal.SIGKILL)
    second = bench.submit("second", *STAY, gpus=2)
    assert "0,1" == shown(bench, second)["gpus"]


def test_more_gpus_than_there_are_is_refused_with_the_way_out(make_bench: MakeBench) -> None:
    bench = make_bench(find_gpus=two)
    with pytest.raises(errors.RefusedError, match="asks for 4 GPUs and this machine has 2") as caught:
        bench.engine.create(make_job("job", "true", workers=3, gpus=1))
    assert "gpus=2" in (caught.value.hint or "")
    assert "gpus=0 replicas=4" in (caught.value.hint or "")
    assert [] == bench.engine.list()


def test_without_any_gpu_replicas_use_the_cpu_and_one_event_says_so(make_bench: MakeBench) -> None:
    bench = make_bench(find_gpus=lambda: [])
    ref = bench.submit("job", *STAY, workers=1, gpus=1)
    assert {"gpus": "", "claimed": "0"}.items() <= shown(bench, ref).items()
    assert 1 == bench.reasons(ref).count("NoGPUs")


def test_a_job_without_gpus_sees_none(make_bench: MakeBench) -> None:
    bench = make_bench(find_gpus=two)
    ref = bench.submit("job", *STAY)
    assert {"gpus": "", "claimed": "unset"}.items() <= shown(bench, ref).items()


def test_the_callers_own_choice_of_gpus_is_respected(tmp_path: Path, make_bench: MakeBench) -> None:
    bench = make_bench(find_gpus=two, environ={"PATH": "/usr/bin:/bin", "CUDA_VISIBLE_DEVICES": "1"})
    ref = bench.submit("job", *STAY, gpus=1)
    assert "1" == shown(bench, ref)["gpus"]


def test_ports_of_parallel_jobs_do_not_meet(bench: Bench) -> None:
    refs = [bench.submit(f"job-{number}", *STAY, workers=1) for number in range(3)]
    firsts = sorted(int(shown(bench, ref, role)["port"]) for ref in refs for role in ("chief", "worker"))
    assert all(right - left >= 3 for left, right in itertools.pairwise(firsts))
    register = json.loads((bench.state / "leases.json").read_text())
    assert {"default/job-0", "default/job-1", "default/job-2"} == set(register)


def test_a_finished_job_holds_nothing(bench: Bench) -> None:
    bench.wait_for(bench.submit("job", "true"), "Succeeded")
    eventually(lambda: {} == json.loads((bench.state / "leases.json").read_text()), what="leases are free")


def test_the_shipped_runtime_without_tensorflow_is_refused(make_bench: MakeBench) -> None:
    bench = make_bench(has_tensorflow=lambda: False)
    with pytest.raises(errors.RefusedError, match="needs TensorFlow") as caught:
        bench.engine.create(make_job("job", "python", "-m", "tfjob_kit.runtime"))
    assert "pip install 'tfjob-kit[train]'" == caught.value.hint
    assert [] == list((bench.state / "jobs").iterdir())


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"env": [{"name": "S", "valueFrom": {"secretKeyRef": {"name": "k", "key": "x"}}}]}, "`S`"),
        ({"envFrom": [{"secretRef": {"name": "k"}}]}, "envFrom"),
        ({"command": []}, "no command"),
        (
            {
                "volumeMounts": [{"name": "v", "mountPath": "/v"}],
                "pod_spec": {"volumes": [{"name": "v", "hostPath": {"path": "/no/such/place"}}]},
            },
            "/no/such/place",
        ),
        (
            {
                "volumeMounts": [{"name": "v", "mountPath": "/v"}],
                "pod_spec": {"volumes": [{"name": "v", "nfs": {"server": "s", "path": "/"}}]},
            },
            "nfs",
        ),
        ({"pod_spec": {"initContainers": [{"name": "setup", "image": "x"}]}}, "setup"),
    ],
)
def test_what_has_no_meaning_here_is_refused_by_name(
    bench: Bench, options: dict[str, object], named: str
) -> None:
    with pytest.raises(errors.RefusedError) as caught:
        bench.engine.create(make_job("job", "true", **options))  # type: ignore[arg-type]
    assert named in caught.value.message
    assert [] == list((bench.state / "jobs").iterdir())


def test_what_is_taken_but_not_done_here_is_said(bench: Bench) -> None:
    ref = bench.submit(
        "job",
        *STAY,
        livenessProbe={"exec": {"command": ["true"]}},
        volumeMounts=[{"name": "v", "mountPath": "/data"}],
        pod_spec={"volumes": [{"name": "v", "emptyDir": {}}]},
    )
    assert {"NotEnforced", "MountsAreDirectories"} <= set(bench.reasons(ref))


def test_a_namespace_that_is_no_label_is_refused(bench: Bench) -> None:
    job = make_job("job", "true")
    job["metadata"]["namespace"] = "../elsewhere"
    with pytest.raises(errors.ClusterError, match=r"metadata\.namespace"):
        bench.engine.create(job)


def two() -> list[str]:
    return ["0", "1"]
