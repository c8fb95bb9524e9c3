"""Agents as real processes on loopback: sockets, signals, trainers that live and die."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

WAYS = pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])


def test_agents_that_start_apart_train_together_and_end_together(make_job) -> None:
    job = make_job(3, limits={"missing": 0.2}).start("chief-0")
    job.says("chief-0", r"waiting .* worker-1 \(127.0.0.1:\d+\): no connection \(Connection refused\)")
    assert "trains from" not in job.log("chief-0")
    job.start("worker-0", "worker-1").trains()
    job.finish()
    assert {"chief-0": 0, "worker-0": 0, "worker-1": 0} == job.ends()
    assert "succeeded" == job.termination("worker-1").status
    assert {"accuracy": 0.5} == job.termination("chief-0").metrics


def test_a_peer_that_never_comes_is_named_and_the_exit_is_retryable(make_job) -> None:
    job = make_job(2, limits={"start": 1.0}).start("chief-0")
    assert 143 == job.end("chief-0")
    said = job.termination("chief-0")
    assert ("stopped", "barrier") == (said.status, said.where)
    assert said.error is not None
    assert said.error.startswith("PeersMissing: waited 1 s for worker-0 (127.0.0.1:")


def test_an_agent_of_another_run_is_no_peer(make_job) -> None:
    other = {"worker-0": {"identity": {"run_id": "older"}}}
    job = make_job(2, limits={"missing": 0.2}, changes=other).start()
    job.says("chief-0", "it belongs to the run 'older', this replica to 'run'")
    job.signal("worker-0", signal.SIGTERM)
    job.end("worker-0")
    job.changes = {}
    job.start("worker-0").trains()


def test_another_config_in_the_same_run_is_permanent(make_job) -> None:
    edited = {"worker-0": {"identity": {"code": "edited"}}}
    job = make_job(2, limits={"told": 1.0}, changes=edited).start()
    assert {"chief-0": 2, "worker-0": 2} == job.ends()
    error = job.termination("chief-0").error
    assert error is not None
    assert error.startswith("ConfigMismatch: worker-0 runs another config or version (edited) than ")


def test_a_port_that_is_taken_is_named_and_tried_again(make_job) -> None:
    job = make_job(2)
    with socket.create_server(("127.0.0.1", job.port("chief-0"))):
        job.start("chief-0")
        job.says("chief-0", r"cannot listen on port \d+ \(Address already in use\); trying again")
    job.start("worker-0").trains()


def test_strangers_on_the_port_disturb_nobody(make_job, until) -> None:
    job = make_job(2).start("chief-0")
    for data in (b"\x00\xff\n", b"{}\n", b'{"run_id": 3}\n', b"GET / HTTP/1.1\r\n\r\n", b"x" * 200_000):
        with until(lambda: _connect(job.port("chief-0")), "the agent listens") as stranger:
            stranger.sendall(data)
    job.start("worker-0").trains()


@WAYS
@pytest.mark.parametrize("victim", ["chief-0", "worker-0"])
def test_all_trainers_start_again_when_one_is_killed(make_job, until, victim, warm) -> None:
    job = make_job(2, warm=warm).start()
    job.trains()
    until(job.checkpoint, "a checkpoint")
    os.kill(job.trainer(victim), signal.SIGKILL)
    job.trains(times=2)
    job.finish()
    assert {"chief-0": 0, "worker-0": 0} == job.ends()
    assert 1 == job.termination("chief-0").restarts
    for name in job.names:
        assert f"restart: {victim}: the trainer was ended by SIGKILL" in job.log(name)
        assert "attempt 1 trains from step 0" not in job.log(name)


@pytest.mark.parametrize("victim", ["chief-0", "worker-0"])
def test_a_killed_agent_takes_its_processes_along_and_its_successor_joins(
    make_job, until, alive, victim
) -> None:
    job = make_job(2, warm=True).start()
    job.trains()
    orphan = job.trainer(victim)
    job.signal(victim, signal.SIGKILL)
    job.end(victim)
    until(lambda: not alive(orphan), "the trainer ends with its agent")
    job.says("chief-0" if victim == "worker-0" else "worker-0", f"restart: {victim}: its agent is gone")
    job.start(victim)
    job.trains(times=2)
    job.finish()
    assert {"chief-0": 0, "worker-0": 0} == job.ends()


def test_a_frozen_agent_is_noticed_and_follows_when_it_thaws(make_job) -> None:
    job = make_job(2, limits={"silence": 1.5}).start()
    job.trains()
    job.signal("worker-0", signal.SIGSTOP)
    job.says("chief-0", r"restart: worker-0: silent for \d\.\d s")
    job.signal("worker-0", signal.SIGCONT)
    job.trains(times=2)
    job.finish()
    assert {"chief-0": 0, "worker-0": 0} == job.ends()


def test_a_stuck_trainer_is_ended_and_started_again(make_job, until) -> None:
    job = make_job(2, limits={"stall": 1.0}).start()
    job.trains()
    until((job.place / "worker-0.stepped").exists, "the first step")
    os.kill(job.trainer("worker-0"), signal.SIGSTOP)
    job.says("chief-0", r"restart: worker-0: the trainer was stuck for \d s")
    job.trains(times=2)


def test_a_strategy_that_never_stands_is_started_again(make_job) -> None:
    job = make_job(1, limits={"start": 1.0})
    job.plan("chief-0", deaf=True)
    job.start()
    job.says("chief-0", "restart: chief-0: no strategy after 1 s")
    job.plan("chief-0")
    job.trains()


@WAYS
def test_asked_to_stop_it_saves_and_its_peer_waits_for_the_successor(make_job, warm) -> None:
    job = make_job(2, warm=warm).start()
    job.trains()
    job.signal("worker-0", signal.SIGTERM)
    assert 143 == job.end("worker-0")
    said = job.termination("worker-0")
    assert ("stopped", None) == (said.status, said.error)
    job.says("chief-0", "restart: worker-0 was asked to stop")
    step = job.checkpoint()
    (job.place / "stop").unlink()
    job.start("worker-0")
    job.trains(times=2)
    assert f"attempt 1 trains from step {step}" in job.log("chief-0")


def test_asked_to_stop_before_the_strategy_stands_it_leaves_at_once(make_job, until, alive) -> None:
    job = make_job(1, warm=True)
    job.plan("chief-0", deaf=True)
    job.start()
    until((job.place / "chief-0.pid").exists, "the trainer has started")
    job.signal("chief-0", signal.SIGTERM)
    assert 143 == job.end("chief-0")
    assert "stopped" == job.termination("chief-0").status
    until(lambda: not alive(job.trainer("chief-0")), "the trainer is gone")


def test_restarts_without_progress_are_bounded(make_job) -> None:
    job = make_job(2, limits={"restarts": 2})
    job.plan("worker-0", kill=True)
    job.plan("chief-0", idle=True)
    job.start()
    assert 5 == job.end("chief-0")
    error = job.termination("chief-0").error
    assert error is not None
    assert error.startswith("NoProgress: 2 restarts from the start made no new checkpoint; the last cause: ")
    assert "worker-0: the trainer was ended by SIGKILL" in error
    job.says("worker-0", "stops: chief-0 ended with exit code 5")
    assert not (job.place / "checkpoints" / "restarts.json").exists()


@pytest.mark.parametrize(("plan", "code"), [({"failed": 4}, 4), ({"exit": 3}, 3), ({"exit": 77}, 1)])
def test_a_permanent_failure_of_one_ends_the_others(make_job, plan, code) -> None:
    job = make_job(2, limits={"failed": 1.0})
    job.plan("worker-0", **plan)
    job.start()
    assert {"chief-0": 143, "worker-0": code} == job.ends()
    assert "failed" == job.termination("worker-0").status
    said = job.termination("chief-0")
    assert ("stopped", "worker-0") == (said.status, said.where)
    assert said.error is not None
    assert said.error.startswith(f"PeerFailed: worker-0 ended with exit code {code}: ")
    assert "trainer starts, restart" not in job.log("chief-0")


def test_a_zygote_that_dies_is_replaced(make_job, until, alive) -> None:
    job = make_job(1, warm=True).start()
    job.trains()
    trainer = job.trainer("chief-0")
    zygote = int(Path(f"/proc/{trainer}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(zygote, signal.SIGKILL)
    until(lambda: not alive(trainer), "the trainer ends with its zygote")
    job.trains(times=2)
    job.finish()
    assert {"chief-0": 0} == job.ends()


def test_a_missing_package_is_one_clear_failure(make_job) -> None:
    job = make_job(1, zygote=["--imports", "not_there_at_all", "--entry", "trainer_program:run"]).start()
    assert {"chief-0": 1} == job.ends()
    said = job.termination("chief-0")
    assert "ModuleNotFoundError: No module named 'not_there_at_all'" == said.error
    assert said.hint is not None
    assert "tfjob-kit[train]" in said.hint


def test_a_zygote_that_cannot_fork_is_replaced_by_a_cold_start(make_job) -> None:
    job = make_job(1, zygote=["--imports", "thread_at_import", "--entry", "trainer_program:run"]).start()
    job.says("chief-0", "threads run after the import: at import; the trainer starts cold")
    job.trains()


def test_metrics_are_served_and_a_busy_port_is_no_failure(make_job, until) -> None:
    job = make_job(1)
    port = job.port("chief-0") + 1
    job.changes = {"chief-0": {"metrics_port": port}}
    job.start()
    job.trains()

    def scrape() -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            return answer.read().decode()

    until(lambda: "tfjob_kit_checkpoint_step " in scrape(), "a checkpoint in /metrics")
    text = scrape()
    assert all(f"tfjob_kit_{name} " in text for name in ("step", "loss", "restarts", "attempt"))
    job.finish()
    assert {"chief-0": 0} == job.ends()
    with socket.create_server(("127.0.0.1", port)):
        job.start()
        assert {"chief-0": 0} == job.ends()
    assert f"no /metrics: port {port}: Address already in use" in job.log("chief-0")


def test_the_agent_imports_neither_tensorflow_nor_trainer() -> None:
    program = (
        "import sys, tfjob_kit.runtime.agent, tfjob_kit.runtime.__main__\n"
        "heavy = {'tensorflow', 'keras', 'numpy', 'yaml', 'prometheus_client', 'kubernetes', 'omegaconf'}\n"
        "print(sorted(heavy & set(sys.modules)), [m for m in sys.modules if 'trainer.' in m])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "[] []\n" == done.stdout


def test_without_a_config_the_runtime_ends_with_one_sentence(tmp_path) -> None:
    place = tmp_path / "termination"
    done = subprocess.run(
        [sys.executable, "-m", "tfjob_kit.runtime"],
        env={**os.environ, "TFJOB_KIT_TERMINATION_LOG": str(place)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (2, "") == (done.returncode, done.stderr)
    assert done.stdout.startswith("[agent] failed: TFJOB_KIT_CONFIG is not set")
    assert '"exit_code":2' in place.read_text()


def _connect(port: int) -> socket.socket | None:
    try:
        return socket.create_connection(("127.0.0.1", port), timeout=5)
    except ConnectionRefusedError:
        return None
