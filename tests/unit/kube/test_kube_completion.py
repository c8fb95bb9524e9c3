"""Names of a cluster's jobs at Tab: asked once, in time or not at all, and never heard of when it fails."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tfjob_kit import errors
from tfjob_kit.cli import completion
from tfjob_kit.cli.completion import cluster_jobs
from tfjob_kit.cli.completion.proposing import propose

from .conftest import config_text, make_job
from .fake_api import FakeApi, Fault, status


@pytest.fixture
def environ(api: FakeApi, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "config").write_text(config_text(api.url, "{token: secret}"))
    return {"HOME": str(tmp_path), "KUBECONFIG": str(tmp_path / "config")}


def proposed(line: str, environ: dict[str, str]) -> dict[str, str]:
    found = propose(line.split(" "), environ=environ, cwd=Path(environ["HOME"])).proposals
    return {each.word: each.about for each in found}


def test_names_come_with_the_state(api, environ) -> None:
    conditions = [{"type": "Running", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}]
    api.put("tfjobs", make_job("digits-a1b2c") | {"status": {"conditions": conditions}})
    api.put("tfjobs", make_job("resnet"))

    assert {"digits-a1b2c": "Running", "resnet": "Pending"} == proposed("status ", environ)


def test_they_are_asked_for_once_while_they_are_fresh(api, environ) -> None:
    api.put("tfjobs", make_job("digits"))

    assert {"digits"} == set(proposed("status ", environ))
    assert {"digits"} == set(proposed("logs dig", environ))
    assert {"digits"} == set(proposed("cancel ", environ))
    assert 1 == len(api.asked("GET", "tfjobs"))


@pytest.mark.parametrize("line", ["status -n other ", "status --namespace=other ", "status -nother "])
def test_the_namespace_of_the_line_is_meant(api, environ, line) -> None:
    api.put("tfjobs", make_job("digits"))
    assert {"digits"} == set(proposed("status ", environ))

    assert {} == proposed(line, environ)
    assert "/namespaces/other/" in api.asked("GET", "tfjobs")[-1].path


def test_the_kubeconfig_and_the_environment_are_meant(api, environ) -> None:
    api.put("tfjobs", make_job("digits"))
    elsewhere = {"HOME": environ["HOME"]}

    assert {"digits"} == set(proposed(f"status --kubeconfig {environ['KUBECONFIG']} ", elsewhere))
    assert {} == proposed("status ", elsewhere)
    assert {} == proposed("status --engine local ", environ)
    assert {} == proposed("status ", {**environ, "TFJOB_KIT_NAMESPACE": "other"})


def test_names_on_the_line_are_not_proposed_again(api, environ) -> None:
    for name in ("a", "b"):
        api.put("tfjobs", make_job(name))

    assert {"b"} == set(proposed("cancel a ", environ))
    assert {} == proposed("status a ", environ)


@pytest.mark.parametrize("fault", [Fault(), Fault(status=403, body=status(403, "Forbidden", "no")), None])
def test_a_cluster_that_fails_proposes_nothing_and_says_nothing(api, environ, capfd, fault) -> None:
    api.put("tfjobs", make_job("digits"))
    if fault is None:
        api.close()
    else:
        api.faults.append(fault)

    assert {} == proposed("status ", environ)
    assert ("", "") == capfd.readouterr()


def test_why_nothing_is_proposed_is_shown_when_asked_for(api, environ) -> None:
    api.close()

    with pytest.raises(errors.NotConnected, match="connection refused"):
        proposed("status ", {**environ, completion.DEBUG_ENV: "1"})


def test_what_comes_too_late_is_there_at_the_next_tab(api, environ) -> None:
    api.put("tfjobs", make_job("digits"))
    with api.changed:  # The server answers nobody before this ends.
        assert {} == proposed("status ", environ)
    api.wait_for(lambda: api.asked("GET", "tfjobs"))
    pause, left = threading.Event(), 3000
    while not cluster_jobs.cache_file(environ).exists() and left:
        left -= not pause.wait(0.02)

    assert {"digits"} == set(proposed("status ", environ))
    assert 1 == len(api.asked("GET", "tfjobs"))


def test_a_damaged_file_of_found_names_is_no_trouble(api, environ) -> None:
    api.put("tfjobs", make_job("digits"))
    file = cluster_jobs.cache_file(environ)
    file.parent.mkdir(parents=True)
    file.write_text("{")

    assert {"digits"} == set(proposed("status ", environ))


def test_contexts_and_their_namespaces(environ) -> None:
    Path(environ["KUBECONFIG"]).write_text("""
current-context: here
contexts:
- {name: here, context: {cluster: c, user: u, namespace: team}}
- {name: there, context: {cluster: c, user: u, namespace: research}}
- {name: "arn:aws:eks:eu:1:cluster/x", context: {cluster: d, user: u, namespace: far}}
""")

    assert {
        "here": "cluster c, namespace team, current",
        "there": "cluster c, namespace research",
        "arn:aws:eks:eu:1:cluster/x": "cluster d, namespace far",
    } == proposed("status --context ", environ)
    assert {"--context=there": "cluster c, namespace research"} == proposed("run --context=t", environ)
    assert {"team", "research"} == set(proposed("status -n ", environ))
    assert {"far"} == set(proposed("status --context arn:aws:eks:eu:1:cluster/x -n ", environ))
