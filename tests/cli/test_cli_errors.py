"""Every mistake: one clear error, the right exit code, no trace, nothing started."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Check, Kit, Outcome

Here = Callable[..., Outcome]
RUN = ("run", "model=digits_cnn", "gpus=0", "replicas=1")

USAGE = {
    "unknown-verb": ("rnu",),
    "unknown-option": ("run", "--nme", "x"),
    "no-prefix-matching": ("run", "--det", "model=digits_cnn"),
    "override-as-option": ("run", "--gpus=3"),
    "bad-choice": ("run", "-o", "xml"),
    "option-without-value": ("run", "--name"),
    "missing-name": ("status",),
    "config-without-verb": ("config",),
    "bad-timeout": ("wait", "x", "--timeout", "abc"),
    "bad-job-name": ("status", "../x"),
    "bad-namespace": (*RUN, "-n", "Bad_NS"),
    "bad-state": ("list", "--state", "runing"),
    "bad-label": ("list", "--label", "team in (a)"),
    "cancel-nothing": ("cancel",),
    "cancel-names-and-label": ("cancel", "x", "--label", "team=a"),
    "previous-and-follow": ("logs", "x", "--previous", "--follow"),
    "resize-without-size": ("resize", "x"),
    "job-config-with-overrides": ("config", "show", "gpus=2", "--job", "x"),
}
CONFIG = {
    "misspelt-key": ("run", "modle=resnet50"),
    "misspelt-option": ("run", "model=resnet5O"),
    "gpus-two": ("run", "model=digits_cnn", "gpus=two"),
    "gpus-negative": ("run", "model=digits_cnn", "gpus=-3"),
    "gpus-empty": ("run", "model=digits_cnn", "gpus="),
    "positional-without-value": ("run", "digits_cnn"),
    "several-values": ("run", "model=digits_cnn", "gpus=1,2"),
    "bad-name": (*RUN, "--name", "BAD_NAME"),
    "no-conf-dir": (*RUN, "--conf-dir", "nowhere"),
    "missing-model-file": ("run", "model=digits_cnn", "model.name=nowhere"),
}
REFUSED = {"batch-does-not-divide": ("run", "model=digits_cnn", "gpus=7")}


def check(kit: Kit, outcome: Outcome, code: int) -> str:
    """The error on stderr, once everything that holds for all errors has been checked."""
    assert code == outcome.code, outcome
    assert "" == outcome.out
    assert "Traceback" not in outcome.err
    assert 1 == outcome.err.count("error: ")
    text = outcome.err[outcome.err.index("error: ") :]
    assert not text.splitlines()[0].endswith(".")
    if kit.state.is_dir():
        assert [] == kit.jobs()
    return text


@pytest.mark.parametrize("name", USAGE)
def test_usage(kit: Kit, here: Here, name: str, same_as_golden: Check) -> None:
    same_as_golden(f"errors/{name}.txt", check(kit, here(*USAGE[name]), 2))


@pytest.mark.parametrize("name", CONFIG)
def test_config(kit: Kit, here: Here, name: str, same_as_golden: Check) -> None:
    text = check(kit, here(*CONFIG[name]), 2)
    assert "hint: " in text
    same_as_golden(f"errors/{name}.txt", text)


@pytest.mark.parametrize("name", REFUSED)
def test_refused(kit: Kit, here: Here, name: str, same_as_golden: Check) -> None:
    same_as_golden(f"errors/{name}.txt", check(kit, here(*REFUSED[name]), 3))


def test_broken_yaml_names_its_line(kit: Kit, here: Here) -> None:
    folder = kit.folder / "mine"
    folder.mkdir()
    (folder / "config.yaml").write_text("gpus: 1\ntrain: [1\n")
    text = check(kit, here(*RUN, "--conf-dir", "mine"), 2)
    assert "mine/config.yaml:" in text
    assert "^" in text


def test_a_model_without_build(kit: Kit, here: Here) -> None:
    (kit.folder / "models").mkdir()
    (kit.folder / "models" / "mine.py").write_text("def make(): pass\n")
    text = check(kit, here(*RUN, "model.name=mine"), 2)
    assert "models/mine.py" in text
    assert "build(params)" in text


def test_a_state_directory_that_cannot_be(kit: Kit, here: Here, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for state in (file, file / "below"):
        text = check(kit, here(*RUN, TFJOB_KIT_STATE_DIR=str(state)), 4)
        assert "TFJOB_KIT_STATE_DIR" in text


def test_no_train_extra(kit: Kit, tmp_path: Path) -> None:
    without = tmp_path / "without"
    without.mkdir()
    (without / "sitecustomize.py").write_text(
        "import sys\n"
        "from importlib.machinery import PathFinder\n"
        "class Without(PathFinder):\n"
        "    @classmethod\n"
        "    def find_spec(cls, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in ('tensorflow', 'keras'):\n"
        "            return None\n"
        "        return PathFinder.find_spec(name, path, target)\n"
        "sys.meta_path[:] = [Without if f is PathFinder else f for f in sys.meta_path]\n"
    )
    text = check(kit, kit(*RUN, PYTHONPATH=str(without)), 3)
    assert "tfjob-kit[train]" in text


KUBECONFIG = """
current-context: prod
contexts:
  - {name: prod, context: {cluster: far, namespace: team}}
  - {name: staging, context: {cluster: far}}
clusters:
  - {name: far, cluster: {server: "https://127.0.0.1:1"}}
"""


def test_a_kube_context_that_is_not_there(kit: Kit, here: Here, tmp_path: Path) -> None:
    config = tmp_path / "kubeconfig"
    config.write_text(KUBECONFIG)
    text = check(kit, here("list", "--context", "stagin", KUBECONFIG=str(config)), 4)
    assert "there is no kube context `stagin`" in text
    assert "contexts: prod, staging" in text
    assert text == check(kit, here("list", TFJOB_KIT_CONTEXT="stagin", KUBECONFIG=str(config)), 4)
    text = check(kit, here("list", "--engine", "kube", KUBECONFIG=str(tmp_path / "none")), 4)
    assert "no cluster is configured" in text


def test_a_kubeconfig_that_cannot_be_used(kit: Kit, here: Here, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    assert "does not exist" in check(kit, here("list", "--kubeconfig", str(missing)), 4)
    assert "does not exist" in check(kit, here("list", TFJOB_KIT_KUBECONFIG=str(missing)), 4)
    config = tmp_path / "kubeconfig"
    config.write_text("current-context: [\n")
    assert "no valid YAML" in check(kit, here(*RUN, KUBECONFIG=str(config)), 4)


def test_the_local_engine_takes_no_context(kit: Kit, here: Here, tmp_path: Path) -> None:
    config = tmp_path / "kubeconfig"
    config.write_text(KUBECONFIG)
    dry = (*RUN, "--dry-run", "--name", "x")
    assert 0 == here(*dry, "--engine", "local", KUBECONFIG=str(config)).code
    assert 0 == here(*dry, KUBECONFIG=str(config), TFJOB_KIT_ENGINE="local").code
    assert 0 == here(*dry, "--engine", "local", TFJOB_KIT_CONTEXT="prod").code
    assert "--context" in check(kit, here(*dry, "--engine", "local", "--context", "prod"), 2)


def test_an_unknown_engine_in_the_environment(kit: Kit, here: Here) -> None:
    assert "auto, local" in check(kit, here("list", TFJOB_KIT_ENGINE="cloud"), 2)


def test_a_job_that_is_not_there(kit: Kit, here: Here) -> None:
    for verb in (("status", "nope"), ("logs", "nope"), ("wait", "nope"), ("cancel", "nope", "--yes")):
        check(kit, here(*verb), 102)


def test_errors_as_json(kit: Kit, here: Here) -> None:
    failed = here("status", "nope", "-o", "json")
    assert 102 == failed.code
    assert {"error": "JobNotFound", "exit_code": 102}.items() <= failed.data.items()
    assert failed.err.startswith("error: ")


def test_the_trace_is_shown_on_request_alone(kit: Kit, here: Here) -> None:
    assert "Traceback" not in here("status", "nope").err
    assert "Traceback" in here("status", "nope", "--debug").err


def test_a_fault_of_the_tool_is_one_line_and_exit_1(kit: Kit, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        "import tfjob_kit.cli.versions as v\n"
        "def version(output='text'):\n"
        "    raise ZeroDivisionError('by\\nzero')\n"
        "v.version = version\n"
    )
    fault = kit("version", PYTHONPATH=str(broken))
    assert 1 == fault.code
    assert "Traceback" not in fault.err
    assert "error: fault of tfjob-kit: ZeroDivisionError: by zero" == fault.err.splitlines()[0]
    assert "--debug" in fault.err
    assert "Traceback" in kit("version", "--debug", PYTHONPATH=str(broken)).err


def test_what_the_lint_finds_is_said_and_the_manifest_goes_to_stdout(here: Here) -> None:
    shown = here("render", "job.clean_pod_policy=All", "--name", "x")

    assert 0 == shown.code
    source = "override 1 of 1: job.clean_pod_policy=All"
    expected = f"warning: job.clean_pod_policy ({source}): every pod and its logs are deleted"
    assert expected in shown.err
    assert shown.out.startswith("apiVersion: kubeflow.org/v1\n")
