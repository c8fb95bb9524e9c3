"""Many jobs at once on the real operator, each followed to its end."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.drive import Drive
from harness.plane import Plane
from scenes import make_job, told

from tfjob_kit.cluster import kube, port
from tfjob_kit.jobs import follow, list_jobs

pytestmark = pytest.mark.cluster

_JOBS = 50


def test_fifty_jobs_at_once_are_each_followed_to_their_end(fakes: Plane, drive: Drive) -> None:
    cluster = kube.connect(kubeconfig=fakes.kubeconfig, namespace=drive.namespace, environ={})
    refs = [port.JobRef(namespace=drive.namespace, name=f"job-{number}") for number in range(_JOBS)]
    ends = {"sim/exit-code": "0", "sim/run": "2s"}

    def run(ref: port.JobRef) -> tuple[str, dict[str, list[str]]]:
        cluster.create(make_job(ref.name, gpus=0, annotations=ends, roles={"Chief": 1, "Worker": 1}))
        found = told(list(follow(cluster, ref, stop=threading.Event(), patience=5)))
        assert found.finished is not None
        return found.finished.state, {
            name: [c[0] for c in changes] for name, changes in found.replicas.items()
        }

    with ThreadPoolExecutor(_JOBS) as pool:
        outcomes = list(pool.map(run, refs))
    assert ["Succeeded"] * _JOBS == [state for state, _ in outcomes]
    assert [["chief-0", "worker-0"]] * _JOBS == [list(replicas) for _, replicas in outcomes]
    assert {ref.name for ref in refs} == {
        view.ref.name for view in list_jobs(cluster, namespace=drive.namespace, states={"Succeeded"})
    }
