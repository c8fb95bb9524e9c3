"""The verbs that change a job or choose among jobs, through the command line, on the real operator."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from harness.api import Refused, wait_until
from harness.drive import Drive
from harness.plane import Plane

from tfjob_kit.cli.__main__ import main

pytestmark = pytest.mark.cluster


@dataclass(frozen=True, kw_only=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


Kit = Callable[..., Outcome]


@pytest.fixture
def kit(
    fakes: Plane,
    ns: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Kit]:
    """Runs `tfjob-kit` in this test's namespace, in an empty project."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(fakes.kubeconfig))
    monkeypatch.setenv("TFJOB_KIT_NAMESPACE", ns)
    monkeypatch.setenv("COLUMNS", "100")
    handler = signal.getsignal(signal.SIGTERM)

    def run(*arguments: str, code: int = 0) -> Outcome:
        capsys.readouterr()
        found = main(arguments)
        out, err = capsys.readouterr()
        assert code == found, f"{arguments}\n{out}\n{err}"
        return Outcome(code=found, out=out, err=err)

    yield run
    signal.signal(signal.SIGTERM, handler)


@pytest.fixture
def start(kit: Kit, drive: Drive) -> Callable[..., None]:
    """Submits a job and waits until all its pods run."""

    def submit(name: str, *overrides: str, pods: int = 4) -> None:
        kit("run", "model=digits_cnn", "gpus=4", *overrides, "--name", name, "--detach", "--yes")
        drive.wait_running(name, pods)
        drive.wait_condition(name, "Running")

    return submit


def state(kit: Kit, name: str) -> str:
    found = {job["name"]: job["state"] for job in kit("list", "-o", "json").data}
    return found[name]


def cluster_of(pod: dict[str, Any]) -> dict[str, list[str]]:
    """Who the pod thinks belongs to its job; nobody else when the operator set no TF_CONFIG."""
    env = {entry["name"]: entry.get("value", "") for entry in pod["spec"]["containers"][0]["env"]}
    return json.loads(env["TF_CONFIG"])["cluster"] if "TF_CONFIG" in env else {}


def test_a_suspended_job_has_no_pods_and_goes_on_when_resumed(kit: Kit, start: Any, drive: Drive) -> None:
    start("train", "+job.annotations.sim/grace=1s")
    refused = kit("suspend", "train", code=3)
    assert "suspending train loses what it has trained: its output is in no claim" in refused.err
    assert 4 == len(drive.pods("train"))

    suspended = kit("suspend", "train", "--yes")
    assert "tfjob/train suspended\n" == suspended.out
    assert [] == drive.pods("train")
    assert "Suspended" == state(kit, "train")
    assert "unchanged: it is suspended already" in kit("suspend", "train").out

    resumed = kit("resume", "train")
    assert "tfjob/train resumed\n" == resumed.out
    assert "it begins at step 0: its output is in no claim" in resumed.err
    drive.wait_running("train", 4)
    drive.wait_condition("train", "Running")
    assert "unchanged: it is not suspended" in kit("resume", "train").out


def test_resuming_at_once_waits_for_the_old_pods(kit: Kit, start: Any, drive: Drive) -> None:
    start("train", "+job.annotations.sim/grace=2s")
    old = {pod["metadata"]["uid"] for pod in drive.pods("train")}
    kit("suspend", "train", "--yes", "--no-wait")
    kit("resume", "train")
    new = {pod["metadata"]["uid"] for pod in drive.wait_running("train", 4)}
    assert not old & new
    drive.wait_condition("train", "Running")
    assert "Running" == state(kit, "train")


def test_a_job_is_resized_down_and_up(kit: Kit, start: Any, drive: Drive) -> None:
    budget = f"/apis/policy/v1/namespaces/{drive.namespace}/poddisruptionbudgets/train"
    start("train", "+job.annotations.sim/grace=1s", "job.protect_from_drain=true")
    refused = kit("resize", "train", "gpus=3", code=3)
    assert "cannot be divided among 3 GPUs" in refused.err
    assert "`gpus=2` or `gpus=4`" in refused.err

    never = kit("resize", "train", "gpus=16", "--dry-run", code=3)
    assert "it can never run here with that size" in never.err
    assert 4 == len(drive.pods("train"))

    for size, workers in (("gpus=2", 1), ("gpus=1", 0), ("gpus=2x2", 1)):
        done = kit("resize", "train", size, "--yes")
        assert "tfjob/train resized\n" == done.out
        pods = drive.wait_running("train", 1 + workers)
        assert {"train-chief-0"} | ({"train-worker-0"} if workers else set()) == {
            pod["metadata"]["name"] for pod in pods
        }
        for pod in pods:
            assert workers == len(cluster_of(pod).get("worker", []))
        hashes = {pod["metadata"]["labels"]["tfjob-kit/config-hash"] for pod in pods}
        assert {drive.job("train")["metadata"]["labels"]["tfjob-kit/config-hash"]} == hashes
        drive.wait_condition("train", "Running")
        assert 1 + workers == drive.api.request("GET", budget)["spec"]["minAvailable"]
    limits = drive.pods("train")[0]["spec"]["containers"][0]["resources"]["limits"]
    assert "2" == limits["nvidia.com/gpu"]
    assert "gpus: 2x2\n" in kit("config", "show", "--job", "train").out
    assert "unchanged: it has that size" in kit("resize", "train", "gpus=2x2").out


def test_a_failed_job_is_retried_as_a_job_of_its_own(kit: Kit, start: Any, drive: Drive) -> None:
    start("train", "job.protect_from_drain=true")
    assert "train has not failed, it is Running" in kit("retry", "train", code=3).err
    drive.exit("train-worker-0", 1)
    drive.wait_condition("train", "Failed")

    retried = kit("retry", "train")
    assert "tfjob/train-2 created\n" == retried.out
    assert "attempt 2: it begins at step 0: its output is in no claim" in retried.err
    drive.wait_running("train-2", 4)
    path = f"/apis/policy/v1/namespaces/{drive.namespace}/poddisruptionbudgets/train-2"
    assert "train-2" == drive.api.request("GET", path)["metadata"]["ownerReferences"][0]["name"]
    assert "attempt 2 of train is there already: train-2" in kit("retry", "train", code=4).err

    drive.exit("train-2-chief-0", 1)
    drive.wait_condition("train-2", "Failed")
    assert "tfjob/train-3 created\n" == kit("retry", "train-2").out


def test_jobs_are_listed_and_cancelled_by_state_and_label(kit: Kit, start: Any, drive: Drive) -> None:
    for name, team in (("a-1", "a"), ("a-2", "a"), ("b-1", "b")):
        start(name, "gpus=1", f"+job.labels.team={team}", pods=1)
    drive.exit("a-2-chief-0", 0)
    drive.wait_condition("a-2", "Succeeded")

    def names(*flags: str) -> list[str]:
        return [job["name"] for job in kit("list", *flags, "-o", "json").data]

    assert ["a-1", "a-2"] == names("-l", "team=a")
    assert ["a-1", "b-1"] == names("--state", "running")
    assert ["a-2"] == names("-l", "team=a,team!=b", "--state", "Succeeded,Failed")
    assert {"a-1", "a-2", "b-1"} <= set(names("-A"))

    refused = kit("cancel", "--label", "team=a", code=3)
    assert f"2 jobs of namespace {drive.namespace}" in refused.err
    assert "a-1, a-2" in refused.err
    assert "tfjob/a-1 cancelled\ntfjob/a-2 cancelled\n" == kit("cancel", "-l", "team=a", "--yes").out
    assert ["b-1"] == names()
    assert 102 == kit("cancel", "b-1", "nobody", "--yes", code=102).code
    assert ["b-1"] == names()


def test_lines_of_the_run_before_a_restart_are_there(kit: Kit, start: Any, drive: Drive) -> None:
    start("train", "gpus=1", "job.restart_policy=OnFailure", pods=1)
    assert "no lines of an earlier run of chief-0" in kit("logs", "train", "--previous", code=4).err
    drive.write("train-chief-0", "first")
    drive.restart("train-chief-0", 1)
    drive.write("train-chief-0", "second")
    assert ["chief-0  | first"] == kit("logs", "train", "--previous").out.splitlines()
    assert ["chief-0  | first", "chief-0  | second"] == kit("logs", "train").out.splitlines()


def test_a_jobs_config_comes_back_and_is_compared(kit: Kit, start: Any, tmp_path: Path) -> None:
    start("train", "train.steps=50", "+env.GREETING='$(HOME) costs $$5'")
    shown = kit("config", "show", "--job", "train")
    assert 'GREETING: "$(HOME) costs $$5"' in shown.out
    conf = tmp_path / "conf"
    conf.mkdir()
    (conf / "config.yaml").write_text(shown.out)
    assert shown.out == kit("config", "show").out
    assert [] == kit("diff", "train", "-o", "json").data
    assert "no differences" in kit("diff", "train").err

    found = kit("diff", "train", "train.steps=60", "-o", "json").data
    assert [{"key": "train.steps", "job": 50, "now": 60}] == found
    assert ["KEY", "train.steps"] == [
        line.split()[0] for line in kit("diff", "train", "train.steps=60").out.splitlines()
    ]


def test_a_tensorboard_object_is_made_where_kubeflow_has_them(
    kit: Kit, start: Any, drive: Drive, fakes: Plane
) -> None:
    kit(
        "run",
        "model=digits_cnn",
        "output.claim=data",
        "job.suspend=true",
        "--name",
        "train",
        "--detach",
        "--yes",
    )
    group, plural = "tensorboard.kubeflow.org", "tensorboards"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": "tensorboard", "kind": "Tensorboard"},
            "versions": [
                {"name": "v1alpha1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
            ],
        },
    }
    crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    fakes.req("POST", crds, definition)
    try:
        wait_until(lambda: _is_served(fakes, f"/apis/{group}/v1alpha1"), what="the Tensorboard kind")
        assert "tensorboard/train created\n" == kit("tensorboard", "train").out
        assert "tensorboard/train created\n" == kit("tensorboard", "train").out
        board = fakes.req("GET", f"/apis/{group}/v1alpha1/namespaces/{drive.namespace}/{plural}/train")
        assert "pvc://data/tensorboard" == board["spec"]["logspath"]
        assert "train" == board["metadata"]["ownerReferences"][0]["name"]
    finally:
        fakes.req("DELETE", f"{crds}/{plural}.{group}")


def _is_served(fakes: Plane, path: str) -> bool:
    try:
        fakes.req("GET", path)
    except Refused:
        return False
    return True


def test_tab_knows_the_jobs_of_the_namespace(
    kit: Kit, start: Any, drive: Drive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    start("train")
    kit("run", "model=digits_cnn", "job.suspend=true", "--name", "later", "--detach", "--yes")
    drive.wait_condition("later", "Suspended")
    monkeypatch.setenv("TFJOB_KIT_COMPLETION_DEBUG", "1")  # however long the busy machine takes

    assert ["words\t", "later\tSuspended", "train\tRunning"] == kit(
        "__complete", "zsh", "status", ""
    ).out.splitlines()
    assert ["words\t"] == kit("__complete", "zsh", "status", "-n", "elsewhere", "").out.splitlines()
