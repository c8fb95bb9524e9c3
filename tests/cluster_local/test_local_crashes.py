"""Whatever is killed on this machine, nothing of a job runs on unseen and the job reads as what it is."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tfjob_kit import errors
from tfjob_kit.cluster.local import caretaker
from tfjob_kit.cluster.local.processes import process_tree
from tfjob_kit.cluster.port import JobRef

from .conftest import Bench, ended_with, eventually, make_job

# Forks twice, opens a session of its own, drops its environment and its descriptors: as a daemon does.
DAEMON = "setsid -f env -i sleep 611 </dev/null >/dev/null 2>&1"
STAY = ("sh", "-c", f"{DAEMON}; echo up; exec sleep 600")


def daemons(bench: Bench) -> set[int]:
    """The daemons of this test: they run in its directory."""
    found: set[int] = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            is_daemon = b"611" in (path / "cmdline").read_bytes()
            if is_daemon and str(bench.state.parent) in os.readlink(path / "cwd"):
                found.add(int(path.name))
        except OSError:
            continue
    return found


def started(bench: Bench, name: str = "job", **options: object) -> JobRef:
    ref = bench.submit(name, *STAY, **options)  # type: ignore[arg-type]
    eventually(lambda: bench.printed(ref, "up"), what="the chief is up")
    eventually(lambda: len(daemons(bench)) == 1 + int(options.get("workers", 0)), what="daemons are up")  # type: ignore[call-overload]
    return ref


def children(pid: int) -> set[int]:
    return {child for child in process_tree.descendants(pid) if parent(child) == pid}


def parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def guards_and_shims(keeper: int) -> tuple[set[int], set[int]]:
    """A shim has children, the guard has none."""
    ours = children(keeper)
    shims = {pid for pid in ours if children(pid)}
    return ours - shims, shims


def test_a_killed_keeper_takes_its_replicas_with_it(bench: Bench) -> None:
    ref = started(bench, workers=1)
    uid = bench.engine.get(ref)["metadata"]["uid"]
    os.kill(bench.keeper(ref), signal.SIGKILL)
    eventually(lambda: not process_tree.marked(uid) and not daemons(bench), what="nothing runs")
    job = bench.wait_for(ref, "Failed")
    assert "KeeperLost" == job["status"]["conditions"][-1]["reason"]
    assert ["Failed", "Failed"] == [pod["status"]["phase"] for pod in bench.engine.pods(ref)]
    assert 1 == bench.reasons(ref).count("KeeperLost")


def test_a_directory_removed_by_hand_ends_the_replicas(bench: Bench) -> None:
    ref = started(bench)
    keeper = bench.keeper(ref)
    uid = bench.engine.get(ref)["metadata"]["uid"]

    shutil.rmtree(bench.dir(ref).path)
    bench.submit("job", "sleep", "60")

    eventually(lambda: not process_tree.marked(uid), what="replicas of the removed job")
    eventually(lambda: process_tree.start_time(keeper) is None, what="keeper of the removed job")
    assert "Running" == bench.wait_for(ref, "Running")["status"]["conditions"][-1]["type"]


def test_keeper_and_guard_killed_together_leave_nothing(bench: Bench) -> None:
    ref = started(bench, workers=1)
    keeper = bench.keeper(ref)
    guards, _ = guards_and_shims(keeper)
    for pid in {keeper, *guards}:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: not daemons(bench), what="nothing runs")
    bench.wait_for(ref, "Failed")


def test_keeper_and_shims_killed_together_leave_no_marked_process(bench: Bench) -> None:
    ref = bench.submit("job", "sh", "-c", "(trap '' TERM HUP; setsid sleep 600 &); echo up; exec sleep 600")
    eventually(lambda: bench.printed(ref, "up"))
    uid = bench.engine.get(ref)["metadata"]["uid"]
    eventually(lambda: len(process_tree.marked(uid)) == 2, what="both processes are up")
    keeper = bench.keeper(ref)
    guards, shims = guards_and_shims(keeper)
    assert guards
    for pid in {keeper, *shims}:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: not process_tree.marked(uid), what="nothing runs")


def test_all_killed_at_once_is_cleaned_up_by_the_next_reader(bench: Bench) -> None:
    ref = bench.submit("job", "sh", "-c", "(setsid sleep 600 &); echo up; exec sleep 600")
    eventually(lambda: bench.printed(ref, "up"))
    uid = bench.engine.get(ref)["metadata"]["uid"]
    keeper = bench.keeper(ref)
    guards, shims = guards_and_shims(keeper)
    for pid in {keeper, *guards, *shims}:
        os.kill(pid, signal.SIGSTOP)
    for pid in {keeper, *guards, *shims}:
        os.kill(pid, signal.SIGKILL)
    bench.wait_for(ref, "Failed")
    assert not process_tree.marked(uid)


def test_a_killed_guard_is_replaced(bench: Bench) -> None:
    ref = started(bench)
    keeper = bench.keeper(ref)
    old, _ = guards_and_shims(keeper)
    os.kill(old.pop(), signal.SIGKILL)
    eventually(lambda: guards_and_shims(keeper)[0] - old, what="another guard")
    os.kill(keeper, signal.SIGKILL)
    eventually(lambda: not daemons(bench), what="nothing runs")


def test_a_killed_shim_reads_as_a_killed_replica(bench: Bench) -> None:
    ref = bench.submit("job", "sh", "-c", "(setsid sleep 600 &); echo up; exec sleep 600")
    eventually(lambda: bench.printed(ref, "up"))
    _, shims = guards_and_shims(bench.keeper(ref))
    os.kill(shims.pop(), signal.SIGKILL)
    bench.wait_for(ref, "Failed")
    assert 137 == ended_with(bench.pod(ref))["exitCode"]
    assert not bench.processes(ref)


def test_the_end_of_a_command_is_the_end_of_its_tree(bench: Bench) -> None:
    ref = bench.submit("job", "sh", "-c", f"{DAEMON}; exit 0")
    bench.wait_for(ref, "Succeeded")
    eventually(lambda: not daemons(bench), what="the daemon ends")


def test_deletion_kills_the_whole_tree(bench: Bench) -> None:
    ref = started(bench)
    bench.engine.delete(ref)
    eventually(lambda: not bench.dir(ref).path.exists() and not daemons(bench), what="all is gone")


def test_a_keeper_asked_to_end_lets_replicas_save(bench: Bench) -> None:
    note = bench.state.parent / "note"
    script = f"trap 'echo saved > {note}; exit 143' TERM; echo up; while :; do sleep 0.05; done"
    ref = bench.submit("job", "sh", "-c", script)
    eventually(lambda: bench.printed(ref, "up"))
    os.kill(bench.keeper(ref), signal.SIGTERM)
    bench.wait_for(ref, "Failed")
    assert "saved\n" == note.read_text()


def test_a_launcher_killed_before_its_keeper_started_leaves_a_lost_job(bench: Bench) -> None:
    ref = bench.submit("job", "true")
    bench.wait_for(ref, "Succeeded")
    eventually(lambda: not caretaker.has_keeper(bench.dir(ref)), what="the keeper leaves")
    bench.dir(ref).update_job(lambda job: {k: v for k, v in job.items() if k != "status"})
    assert "KeeperLost" == bench.wait_for(ref, "Failed")["status"]["conditions"][-1]["reason"]


def test_the_launchers_end_does_not_touch_the_job(bench: Bench) -> None:
    job = json.dumps(make_job("job", *STAY))
    code = f"""
import json, os, pathlib, signal
from tfjob_kit.cluster.local import connect
connect(state_dir=pathlib.Path({str(bench.state)!r})).create(json.loads({job!r}))
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, timeout=60)
    assert (-signal.SIGKILL, b"") == (done.returncode, done.stderr)
    ref = JobRef(namespace="default", name="job")
    bench.wait_for(ref, "Running")
    bench.engine.delete(ref)
    eventually(lambda: not bench.dir(ref).path.exists())


def test_another_shell_lists_and_cancels(bench: Bench) -> None:
    ref = started(bench)
    code = f"""
import pathlib
from tfjob_kit.cluster.local import connect
from tfjob_kit.cluster.port import JobRef
engine = connect(state_dir=pathlib.Path({str(bench.state)!r}))
print([job["metadata"]["name"] for job in engine.list()])
engine.delete(JobRef(namespace="default", name="job"))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert "['job']\n" == done.stdout
    eventually(lambda: not bench.dir(ref).path.exists() and not daemons(bench))


def test_of_two_launchers_with_one_name_one_is_told(bench: Bench) -> None:
    code = f"""
import json, pathlib
from tfjob_kit import errors
from tfjob_kit.cluster.local import connect
engine = connect(state_dir=pathlib.Path({str(bench.state)!r}))
try:
    engine.create(json.loads({json.dumps(make_job("job", *STAY))!r}))
    print("created")
except errors.JobExists as error:
    print("exists", error.status)
"""
    runs = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    said = sorted(run.communicate(timeout=60)[0].strip() for run in runs)
    assert ["created", "exists 409", "exists 409"] == said
    assert ["job"] == [path.name for path in (bench.state / "jobs" / "default").iterdir()]


def test_a_damaged_job_is_named_by_get_and_left_out_by_list(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.wait_for(bench.submit("fine", "true"), "Succeeded")
    ref = bench.submit("broken", "true")
    bench.wait_for(ref, "Succeeded")
    eventually(lambda: not caretaker.has_keeper(bench.dir(ref)), what="the keeper leaves")
    bench.dir(ref).job_file.write_text("{")
    with pytest.raises(errors.ClusterError, match=r"job\.json"):
        bench.engine.get(ref)
    assert ["fine"] == [job["metadata"]["name"] for job in bench.engine.list()]
    assert "job.json" in caplog.text


def test_a_keeper_that_cannot_write_tries_again_until_it_can(bench: Bench) -> None:
    ref = bench.submit("job", "sh", "-c", "echo up; sleep 0.5")
    eventually(lambda: bench.printed(ref, "up"))
    bench.wait_for(ref, "Running")
    keeper = bench.keeper(ref)
    soft, hard = resource.prlimit(keeper, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    eventually(lambda: not bench.processes(ref), what="the replica ends")
    assert "Running" == bench.condition(ref)
    resource.prlimit(keeper, resource.RLIMIT_FSIZE, (soft, hard))
    bench.wait_for(ref, "Succeeded")


def test_what_a_killed_submission_left_half_done_is_swept_by_a_later_one(bench: Bench) -> None:
    half = bench.state / "jobs" / "default" / ".new-other-0"
    half.mkdir(parents=True)
    (half / "job.json").write_text("{}")
    os.utime(half, (0, 0))
    bench.wait_for(bench.submit("job", "true"), "Succeeded")
    assert not half.exists()


def test_a_state_directory_that_is_a_file_is_named(tmp_path: Path, make_bench: Callable[..., Bench]) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(errors.NotConnected, match="state"):
        make_bench()
