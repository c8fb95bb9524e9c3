"""The plan on the screen before a job is sent, and what follows from what it finds."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tfjob_kit import errors
from tfjob_kit.cli import git_state, prepare, submitting
from tfjob_kit.cluster.fake import FakeCluster
from tfjob_kit.cluster.port import INCOMPLETE_ANNOTATION, Capacity, JobRef

from .conftest import Check, Kit, Outcome

JOB = JobRef(namespace="default", name="job")
NOTHING = Capacity(nodes=None, pods=None, quotas=None)


def nodes(count: int, *, gpus: int = 4, **labels: str) -> list[dict[str, Any]]:
    allocatable = {"cpu": "64", "memory": "256Gi", "nvidia.com/gpu": str(gpus), "pods": "110"}
    return [
        {"metadata": {"name": f"n{number}", "labels": labels}, "status": {"allocatable": allocatable}}
        for number in range(count)
    ]


def pod(gpus: int) -> dict[str, Any]:
    limits = {"nvidia.com/gpu": str(gpus)}
    return {
        "spec": {"nodeName": "n0", "containers": [{"name": "c", "resources": {"limits": limits}}]},
        "status": {"phase": "Running"},
    }


EMPTY = Capacity(nodes=nodes(3), pods=[], quotas=[])
BUSY = Capacity(nodes=nodes(1), pods=[pod(3)], quotas=[])
RDMA_NODE: dict[str, Any] = {
    "metadata": {"name": "t4", "labels": {"gpu": "t4"}},
    "status": {
        "allocatable": {
            "cpu": "64",
            "memory": "256Gi",
            "nvidia.com/gpu": "4",
            "rdma/hca": "8",
            "pods": "110",
        }
    },
}
SCREENS = {
    "plain": (["gpus=4"], EMPTY),
    "everything": (
        [
            "gpus=2x4",
            "code=bundle",
            "job.protect_from_drain=true",
            "job.queue=research",
            "output.claim=results",
            "+placement.node_selector.gpu=a100",
        ],
        Capacity(nodes=nodes(3, gpu="a100"), pods=[], quotas=[]),
    ),
    "placed": (
        [
            "gpus=T4-shared:2",
            "+site.gpu_types.T4-shared={node_selector: {gpu: t4}, shared: true}",
            "gpu_memory=growth",
            "placement.pack_by=zone",
            "placement.spread_by=node",
            "communication.rdma_resource=rdma/hca",
            "communication.host_network=true",
            "site.run_as_user=0",
            "+volumes.results={mount_path: /output, nfs: 'nas:/runs'}",
        ],
        Capacity(nodes=[RDMA_NODE], pods=[], quotas=[]),
    ),
    "waits": (["gpus=2"], BUSY),
    "never": (["gpus=2x8"], EMPTY),
    "no-rights": (["gpus=2"], NOTHING),
    "autoscaling": (["gpus=2x8", "site.autoscaling=true"], EMPTY),
    "roles": (
        [
            "gpus=2",
            "command=[python,train.py]",
            "model=resnet50",
            "train.seed=3",
            "job.evaluator=true",
            "job.gang.enabled=true",
            "resources.roles.evaluator={cpu: '2', memory: 8Gi}",
            "+sidecars.logs.image=fluent/fluent-bit:4.0",
            "overlay.all={spec: {containers: [{name: tensorflow, image: 'mine:1'}]}}",
            "+overlay.worker.spec.enableServiceLinks=false",
        ],
        EMPTY,
    ),
    "own-command": (["gpus=0", "command=[python,train.py]", "job.backoff_limit=1", "replicas=2"], EMPTY),
}


@pytest.fixture
def project(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a model, as the working directory."""
    (kit.folder / "models").mkdir()
    (kit.folder / "models/digits_cnn.py").write_text("def build(params): ...\n")
    monkeypatch.chdir(kit.folder)
    return kit.folder


def make(*overrides: str, name: str | None = "job") -> prepare.Prepared:
    return prepare.prepare(overrides, name=name, namespace=None, conf_dir=None)


def start(cluster: FakeCluster, prepared: prepare.Prepared, *, yes: bool) -> None:
    submitting.propose(cluster, prepared, yes=yes)
    submitting.send(cluster, prepared)


@pytest.mark.parametrize("name", SCREENS)
def test_the_plan_is_the_expected_text(
    name: str, project: Path, capsys: pytest.CaptureFixture[str], same_as_golden: Check
) -> None:
    overrides, capacity = SCREENS[name]
    try:
        submitting.propose(FakeCluster(holds=capacity), make(*overrides), yes=False)
        end = ""
    except errors.RefusedError as error:
        end = f"error: {error.message}\n"
    same_as_golden(f"plan/{name}.txt", capsys.readouterr().err + end)


def test_yes_and_detach_ask_nobody_but_show_it(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cluster = FakeCluster(holds=EMPTY)
    for call in ("get", "capacity", "create"):
        cluster.fail_next(call, AssertionError(f"{call} was called"))
    submitting.propose(cluster, make("gpus=2x8"), yes=True, detach=True)
    said = capsys.readouterr().err
    assert "plan: chief + 1 worker x 8 GPUs = 16 GPUs" in said
    assert "capacity" not in said


def test_what_can_never_fit_is_refused_with_yes_too(project: Path) -> None:
    with pytest.raises(errors.RefusedError, match="can never run here"):
        submitting.propose(FakeCluster(holds=EMPTY), make("gpus=1x64"), yes=True)


def test_a_made_name_is_not_looked_up(project: Path) -> None:
    cluster = FakeCluster(holds=EMPTY)
    cluster.fail_next("get", AssertionError("get was called"))
    submitting.propose(cluster, make(name=None), yes=False)


def test_render_says_the_size_of_the_plan_beside_the_document(here: Callable[..., Outcome]) -> None:
    shown = here("render", "gpus=mig-1g.10gb:4", "--name", "job")
    expected = "chief + 3 workers x 1 MIG device = 4 MIG devices of type mig-1g.10gb"
    assert f"plan: {expected} · global batch 64 = 16 per replica" == shown.err.splitlines()[0]
    assert shown.out.startswith("apiVersion: kubeflow.org/v1\n")


@pytest.mark.parametrize("yes", [False, True])
def test_the_same_run_again_is_the_job_that_is_there(project: Path, yes: bool) -> None:
    cluster, prepared = FakeCluster(), make("gpus=2")
    submitting.send(cluster, prepared)
    with pytest.raises(submitting.AlreadyThere) as caught:
        start(cluster, prepared, yes=yes)
    assert (JOB, "Running") == (caught.value.ref, caught.value.state)


@pytest.mark.parametrize("yes", [False, True])
def test_another_run_under_that_name_is_refused_with_the_difference(project: Path, yes: bool) -> None:
    cluster = FakeCluster()
    submitting.send(cluster, make("gpus=2"))
    with pytest.raises(errors.JobExists) as caught:
        start(cluster, make("gpus=2", "train.seed=7"), yes=yes)
    assert "train.seed: 1 → 7" in str(caught.value.hint)


@pytest.mark.parametrize("yes", [False, True])
def test_changed_code_under_that_name_is_another_run(project: Path, yes: bool) -> None:
    cluster = FakeCluster()
    submitting.send(cluster, make("code=bundle"))
    (project / "models/digits_cnn.py").write_text("def build(params): return None\n")
    with pytest.raises(errors.JobExists) as caught:
        start(cluster, make("code=bundle"), yes=yes)
    assert str(caught.value.hint).startswith("code: ")


def test_an_interrupted_submission_is_completed_by_the_same_run(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster, prepared = FakeCluster(), make("code=bundle")
    cluster.create(prepared.manifest)
    cluster.patch(JOB, {"metadata": {"annotations": {INCOMPLETE_ANNOTATION: "true"}}})
    submitting.propose(cluster, prepared, yes=False)
    assert "left incomplete by an earlier run" in capsys.readouterr().err
    assert "job" == submitting.send(cluster, prepared).job


def test_a_detached_run_says_how_to_go_on(kit: Kit) -> None:
    done = kit("run", "gpus=0", "command=[sleep,60]", "--name", "job", "--detach", "--engine", "local")
    assert (0, "tfjob/job created\n") == (done.code, done.out)
    for command in ("logs job --follow", "status job", "suspend job", "cancel job"):
        assert f"tfjob-kit {command}" in done.err
    again = kit("run", "gpus=0", "command=[sleep,60]", "--name", "job", "--detach", "--engine", "local")
    assert (0, "") == (again.code, again.out)
    assert "tfjob/job is there already with this config and code, and is Running" in again.err
    other = kit("run", "gpus=0", "command=[sleep,61]", "--name", "job", "--detach", "--engine", "local")
    assert 4 == other.code
    assert 'command: ["sleep", "60"] → ["sleep", "61"]' in other.err


def test_code_that_travels_is_what_a_job_of_this_machine_runs(kit: Kit) -> None:
    (kit.folder / "train.py").write_text(
        "import helper, pathlib; print(helper.WORD, pathlib.Path.cwd().name)\n"
    )
    (kit.folder / "lib").mkdir()
    (kit.folder / "lib/data.bin").write_bytes(b"\x00\x01")
    (kit.folder / "helper.py").write_text("WORD = 'first'\n")
    run = ("run", "gpus=0", "code=bundle", "code.files=[train.py,helper.py,lib]", "command=[python,train.py]")
    first = kit(*run, "--name", "one", "--engine", "local")
    assert (0, True) == (first.code, "chief-0  | first " in first.out), first
    assert list((kit.state / "jobs/default/one/config-maps").glob("*/lib/data.bin"))
    (kit.folder / "helper.py").write_text("WORD = 'second'\n")
    assert "chief-0  | second " in kit(*run, "--name", "two", "--engine", "local").out
    assert "/tfjob-kit/code lie elsewhere" not in first.err
    assert 0 == kit("cancel", "one", "--yes", "--engine", "local").code


def test_render_shows_what_the_job_would_own(project: Path, here: Callable[..., Outcome]) -> None:
    shown = here("render", "code=bundle", "job.protect_from_drain=true", "--name", "job", "-o", "json").data
    assert ["TFJob", "ConfigMap", "PodDisruptionBudget"] == [thing["kind"] for thing in shown["items"]]


def git(folder: Path, *arguments: str) -> None:
    names = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *names, *arguments], cwd=folder, check=True, capture_output=True)


def test_the_state_of_git_is_read(tmp_path: Path) -> None:
    assert git_state.GitState(tmp_path).read() is None
    git(tmp_path, "init")
    assert git_state.GitState(tmp_path).read() is None
    (tmp_path / "a.py").write_text("x = 1\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    clean = git_state.GitState(tmp_path).read()
    assert clean is not None
    assert (40, False, None) == (len(clean.commit), clean.is_dirty, clean.diff_sha256)
    (tmp_path / "b.py").write_text("")
    added = git_state.GitState(tmp_path).read()
    assert added is not None
    assert (True, None) == (added.is_dirty, added.diff_sha256)
    (tmp_path / "a.py").write_text("x = 2\n")
    changed = git_state.GitState(tmp_path).read()
    assert changed is not None
    digest = subprocess.run(
        "git diff HEAD | sha256sum", shell=True, cwd=tmp_path, capture_output=True, text=True
    )
    assert digest.stdout.split()[0] == changed.diff_sha256
    assert clean.commit == changed.commit


def test_a_job_tells_from_which_commit_it_was_sent(project: Path, here: Callable[..., Outcome]) -> None:
    git(project, "init")
    git(project, "add", ".")
    git(project, "commit", "-m", "first")
    first, again = (here("render", "--name", "job", "-o", "json").data for _ in range(2))
    assert first == again
    assert "false" == first["metadata"]["annotations"]["tfjob-kit/git-dirty"]
    assert 40 == len(first["metadata"]["annotations"]["tfjob-kit/git-commit"])


def test_the_engine_is_repeated_where_a_command_without_it_would_go_elsewhere(
    kit: Kit, tmp_path: Path
) -> None:
    config = tmp_path / "kubeconfig"
    config.write_text(
        "current-context: far\n"
        "contexts: [{name: far, context: {cluster: far, user: far}}]\n"
        "clusters: [{name: far, cluster: {server: 'https://127.0.0.1:1'}}]\n"
        "users: [{name: far, user: {}}]\n"
    )
    done = kit(
        *("run", "gpus=0", "command=[true]", "--name", "job", "--detach", "--engine", "local"),
        KUBECONFIG=str(config),
    )
    assert "tfjob-kit status job --engine local" in done.err
