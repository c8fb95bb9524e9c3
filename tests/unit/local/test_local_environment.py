"""What a replica's environment is made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfjob_kit.cluster.local.processes.environment import Place, expand, make_command


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$(A)", "1"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$(B)", "$(B)"),
        ("$A", "$A"),
        ("$(A", "$(A"),
        ("a$$b", "a$b"),
        ("$(A)$(A)", "11"),
        ("", ""),
    ],
)
def test_references_are_expanded_as_the_kubelet_does(text: str, expected: str) -> None:
    assert expected == expand(text, {"A": "1"})


def make_pod(**container: object) -> dict[str, object]:
    return {
        "metadata": {"name": "job-chief-0", "namespace": "ns", "uid": "p", "ownerReferences": [{"uid": "u"}]},
        "spec": {"containers": [{"name": "tensorflow", "command": ["run"], **container}]},
    }


def place(**parts: object) -> Place:
    values = {
        "mounts": {"/out": "/here/out"},
        "gpus": ["1"],
        "on_cpu_instead": False,
        "threads": 2,
        "port": 21000,
        "directory": Path("/here"),
        "termination_log": Path("/here/log"),
        "path": Path("/py/bin"),
    }
    return Place(**(values | parts))  # type: ignore[arg-type]


def test_the_template_wins_over_the_engine_and_the_engine_over_the_shell() -> None:
    environ = {"OMP_NUM_THREADS": "64", "HOME": "/home/me", "TF_CONFIG": "{}", "TFJOB_KIT_CONFIG": "x"}
    pod = make_pod(env=[{"name": "TF_NUM_INTEROP_THREADS", "value": "7"}])
    made = make_command(pod, place=place(), environ=environ).environ
    assert ("2", "7", "/home/me") == (made["OMP_NUM_THREADS"], made["TF_NUM_INTEROP_THREADS"], made["HOME"])
    assert not {"TF_CONFIG", "TFJOB_KIT_CONFIG"} & set(made)


def test_the_engine_says_port_mounts_gpus_and_marker() -> None:
    made = make_command(make_pod(), place=place(), environ={}).environ
    expected = {
        "TFJOB_KIT_PORT": "21000",
        "TFJOB_KIT_MOUNTS": '{"/out": "/here/out"}',
        "TFJOB_KIT_TERMINATION_LOG": "/here/log",
        "TFJOB_KIT_LOCAL_POD": "u/job-chief-0",
        "CUDA_VISIBLE_DEVICES": "1",
        "PATH": "/py/bin:/usr/local/bin:/usr/bin:/bin",
    }
    assert expected.items() <= made.items()
    assert "TFJOB_KIT_GPUS" not in made


def test_zero_gpus_are_claimed_when_the_cpu_stands_in() -> None:
    pod = make_pod(env=[{"name": "TFJOB_KIT_GPUS", "value": "1"}])
    made = make_command(pod, place=place(gpus=[], on_cpu_instead=True), environ={}).environ
    assert ("0", "") == (made["TFJOB_KIT_GPUS"], made["CUDA_VISIBLE_DEVICES"])


def test_a_working_directory_below_a_mount_is_its_directory_here() -> None:
    assert (
        Path("/here/out/a")
        == make_command(make_pod(workingDir="/out/a"), place=place(), environ={}).directory
    )
    assert Path("/here") == make_command(make_pod(), place=place(), environ={}).directory


def test_search_paths_of_python_are_those_of_this_machine() -> None:
    pod = make_pod(
        workingDir="/out/code", env=[{"name": "PYTHONPATH", "value": "/out/code:/elsewhere::/out"}]
    )
    made = make_command(pod, place=place(), environ={"PYTHONPATH": "/of/the/shell"})
    assert "/here/out/code:/elsewhere:/here/out" == made.environ["PYTHONPATH"]
    assert Path("/here/out/code") == made.directory
    kept = make_command(make_pod(), place=place(), environ={"PYTHONPATH": "/of/the/shell"})
    assert "/of/the/shell" == kept.environ["PYTHONPATH"]
