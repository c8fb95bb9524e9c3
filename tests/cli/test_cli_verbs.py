"""The verbs on the local engine: what they print, how they end, from several shells."""

from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .conftest import Check, Kit, eventually

BASE = ("model=digits_cnn", "gpus=0")
MEET = "touch met-$HOSTNAME; until [ $(ls met-* | wc -l) -ge 2 ]; do sleep 0.05; done"
"""Ends a command of two replicas: a job ends with its chief, which must not end before the worker begins."""
HELLO = f"command=[sh,-c,'echo hello; {MEET}']"
SOLO = "command=[sh,-c,'echo hello']"
FAIL = "command=[sh,-c,'echo broken; exit 3']"
STAY = "command=[sh,-c,'echo up; while [ ! -e go ]; do sleep 0.05; done; echo done']"
PROGRESS = "command=[sh,-c,'echo \"[progress] step=20 total_steps=600 loss=0.5 eta_seconds=90\"']"


def plain(text: str, kit: Kit) -> str:
    """Output without what differs from run to run: times, and the state directory."""
    text = text.replace(str(kit.state), "STATE")
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)
    text = re.sub(r"\b\d+ (s|min)\b", "N s", text)
    return re.sub(r"(?m)(?<=\s)\d+[smh]$", "AGE", text)


def run(kit: Kit, *arguments: str, name: str = "job", replicas: int = 1) -> Any:
    return kit("run", *BASE, f"replicas={replicas}", *arguments, "--name", name)


def start(kit: Kit, *overrides: str, name: str = "job") -> None:
    assert 0 == run(kit, STAY, *overrides, "--detach", name=name, replicas=2).code


def release(kit: Kit) -> None:
    (kit.folder / "go").touch()


def test_run_follows_to_the_end(kit: Kit, same_as_golden: Check) -> None:
    done = run(kit, HELLO, replicas=2)
    assert 0 == done.code, done
    first, *middle = done.out.splitlines()
    assert "tfjob/job created" == first
    assert {"chief-0  | hello", "worker-0 | hello"} <= set(middle)
    assert "engine: local (no kube context is configured)\nplan: chief + 1 worker on CPU" in done.err
    end = done.out[done.out.index("\njob Succeeded") :]
    same_as_golden("run/succeeded.txt", plain(end, kit))
    assert "tfjob-kit status job" in done.err


def test_a_failed_run_says_why_and_exits_100(kit: Kit, same_as_golden: Check) -> None:
    failed = run(kit, FAIL, "job.restart_policy=Never")
    assert 100 == failed.code
    assert "chief-0  | broken" in failed.out
    same_as_golden("run/failed.txt", plain(failed.out[failed.out.index("\njob Failed") :], kit))
    assert "hint: read its log: `tfjob-kit logs job" in failed.err


def test_run_as_json_is_one_event_per_line(kit: Kit) -> None:
    done = run(kit, PROGRESS, "-o", "json")
    events = done.events
    assert "submitted" == events[0]["event"]
    assert {"chief-0"} == {e["replica"] for e in events if e["event"] == "log_line"}
    progress = [e["values"] for e in events if e["event"] == "progress"]
    assert [{"step": 20, "total_steps": 600, "loss": 0.5, "eta_seconds": 90}] == progress
    end = events[-1]
    assert ("finished", "job", "Succeeded", 0) == (
        end["event"],
        end["job"],
        end["state"],
        end["verdict"]["exit_code"],
    )
    assert {} == end["metrics"]
    failed = run(kit, FAIL, "job.restart_policy=Never", "-o", "json", name="bad")
    assert (100, "Failed") == (failed.code, failed.events[-1]["state"])


def test_progress_lines_are_shown_once_and_readable(kit: Kit) -> None:
    done = run(kit, PROGRESS)
    assert 1 == done.out.count("20/600")
    assert "[progress]" not in done.out
    assert "chief-0  | step 20/600 · loss 0.5 · 1 min 30 s left" in done.out


def test_dry_run_prints_what_render_prints_and_starts_nothing(kit: Kit) -> None:
    dry = run(kit, HELLO, "--dry-run", replicas=2)
    rendered = kit("render", *BASE, "replicas=2", HELLO, "--name", "job")
    assert (0, 0) == (dry.code, rendered.code)
    assert rendered.out == dry.out
    assert "plan: chief + 1 worker" in dry.err
    assert [] == kit.jobs()
    assert "TFJob" == run(kit, SOLO, "--dry-run", "-o", "json").data["kind"]


def test_config_show_composes_and_names_its_sources(kit: Kit) -> None:
    shown = kit("config", "show", "model=digits_cnn", "gpus=4", "--sources")
    assert re.search(r"(?m)^gpus: 4 +# override 2 of 2", shown.out)
    assert 4 == kit("config", "show", "model=digits_cnn", "gpus=4", "-o", "json").data["gpus"]


def test_a_second_job_of_the_same_name_is_refused(kit: Kit) -> None:
    assert 0 == run(kit, SOLO).code
    second = run(kit, SOLO)
    assert 4 == second.code
    assert "hint: " in second.err
    assert ["job"] == kit.jobs()


def test_a_detached_job_from_other_shells(kit: Kit, same_as_golden: Check) -> None:
    start(kit)
    eventually(lambda: "up" in kit("logs", "job").out, what="the job runs")
    assert ["job"] == [row["name"] for row in kit("list", "-o", "json").data]
    same_as_golden("list.txt", plain(kit("list").out, kit))
    running = kit("status", "job")
    assert 101 == running.code
    assert "default/job: Running" in running.out
    assert 0 == kit("wait", "job", "--for", "Running").code
    late = kit("wait", "job", "--timeout", "1s")
    assert 124 == late.code
    assert "it goes on" in late.err
    release(kit)
    assert 0 == kit("wait", "job").code
    found = kit("status", "job", "-o", "json").data
    assert ("Succeeded", "succeeded") == (found["state"], found["verdict"]["kind"])
    assert ["chief-0", "worker-0"] == [replica["name"] for replica in found["replicas"]]


def test_status_is_one_screen(kit: Kit, same_as_golden: Check) -> None:
    run(kit, PROGRESS)
    shown = kit("status", "job")
    assert 0 == shown.code
    same_as_golden("status.txt", plain(shown.out[: shown.out.index("EVENTS")], kit))
    assert all(len(line) <= 80 for line in shown.out.splitlines() if str(kit.state) not in line)


def test_status_and_wait_of_a_failed_job_exit_100(kit: Kit) -> None:
    run(kit, FAIL, "job.restart_policy=Never")
    status = kit("status", "job")
    assert 100 == status.code
    assert "chief-0 ended with exit code 3" in status.out
    assert 100 == kit("wait", "job").code
    assert 0 == kit("wait", "job", "--for", "Failed").code
    assert 100 == kit("wait", "job", "--for", "Succeeded").code


def test_logs_of_some_replicas_and_some_lines(kit: Kit) -> None:
    run(kit, f"command=[sh,-c,'for i in 1 2 3; do echo line $i; done; {MEET}']", replicas=2)
    assert 6 == len(kit("logs", "job").out.splitlines())
    assert ["worker-0 | line 3"] == kit("logs", "job", "--role", "worker", "--tail", "1").out.splitlines()
    assert ["chief-0  | line 2"] == kit("logs", "job", "--role", "chief", "--grep", "2").out.splitlines()
    assert {"event": "log_line", "replica": "chief-0", "text": "line 1"}.items() <= kit(
        "logs", "job", "--role", "chief", "-o", "json"
    ).events[0].items()
    unknown = kit("logs", "job", "--role", "wroker")
    assert 2 == unknown.code
    assert "its replicas: chief-0, worker-0" in unknown.err
    assert 2 == kit("logs", "job", "--grep", "(").code


def test_logs_follow_to_the_end(kit: Kit) -> None:
    start(kit, "job.clean_pod_policy=None")  # else the worker may be ended before its last line
    follower = kit.start("logs", "job", "--follow")
    release(kit)
    out, err = follower.communicate(timeout=60)
    assert 0 == follower.returncode
    assert ["chief-0  | done", "chief-0  | up", "worker-0 | done", "worker-0 | up"] == sorted(
        out.splitlines()
    )
    assert "job Succeeded" in err


def test_cancel_deletes_when_told_so(kit: Kit) -> None:
    start(kit, name="one")
    start(kit, name="two")
    unsure = kit("cancel", "one", "two")
    assert 3 == unsure.code
    assert "--yes" in unsure.err
    assert 102 == kit("cancel", "one", "three", "--yes").code
    assert ["one", "two"] == kit.jobs()
    gone = kit("cancel", "one", "two", "--yes")
    assert (0, "tfjob/one cancelled\ntfjob/two cancelled\n") == (gone.code, gone.out)
    assert [] == kit.jobs()


def test_a_followed_job_that_is_cancelled_exits_103(kit: Kit) -> None:
    follower = kit.start("run", *BASE, STAY, "--name", "job")
    read_until(follower, "up")
    assert 0 == kit("cancel", "job", "--yes").code
    out, _ = follower.communicate(timeout=60)
    assert 103 == follower.returncode
    assert "job was cancelled" in out


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_leaving_detaches_and_the_job_goes_on(kit: Kit, number: signal.Signals, code: int) -> None:
    follower = kit.start("run", *BASE, STAY, "--name", "job")
    read_until(follower, "up")
    follower.send_signal(number)
    _, err = follower.communicate(timeout=60)
    assert code == follower.returncode
    assert "detached; job goes on" in err
    assert "tfjob-kit logs job --follow" in err
    assert 101 == kit("status", "job").code
    release(kit)
    assert 0 == kit("wait", "job").code


def test_a_reader_that_goes_away_is_no_error(kit: Kit) -> None:
    run(kit, "command=[sh,-c,'for i in $(seq 1 20000); do echo line $i; done']")
    reader = kit.start("logs", "job")
    assert reader.stdout is not None
    reader.stdout.readline()
    reader.stdout.close()
    assert 141 == reader.wait(timeout=60)
    assert reader.stderr is not None
    assert "" == reader.stderr.read()
    reader.stderr.close()


def test_output_without_a_terminal_has_no_colour(kit: Kit) -> None:
    assert "\x1b" not in run(kit, SOLO).out + kit("list").out + kit("status", "job").out


def read_until(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return
    raise AssertionError(f"the process ended before it printed {text!r}")


def test_jobs_of_other_namespaces_are_apart(kit: Kit, tmp_path: Path) -> None:
    assert 0 == kit("run", *BASE, SOLO, "--name", "job", "-n", "team-a").code
    assert "no jobs in namespace default" in kit("list").err
    assert "team-a" in kit("list", "-A").out
    assert 102 == kit("status", "job").code
    assert "tfjob-kit logs job -n team-a" in kit("status", "job", "-n", "team-a").out
