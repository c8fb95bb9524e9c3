"""A job's life on this machine: start, end, restart, limits, suspension, deletion."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable

import pytest

from tfjob_kit import errors
from tfjob_kit.cluster import rules
from tfjob_kit.cluster.local import caretaker
from tfjob_kit.cluster.port import JobRef, PodRef

from .conftest import Bench, ended_with, eventually, make_job

STAY = ("sh", "-c", "echo up; exec sleep 600")


def test_a_job_runs_to_success_and_its_keeper_leaves(bench: Bench) -> None:
    ref = bench.submit("good", "sh", "-c", "echo hello; echo oops >&2", workers=1)
    bench.wait_for(ref, "Succeeded")
    assert ["hello", "oops"] == bench.lines(ref)
    assert {"exitCode": 0, "reason": "Completed"}.items() <= ended_with(bench.pod(ref)).items()
    eventually(lambda: not bench.processes(ref), what="nothing runs")
    assert "" == bench.dir(ref).keeper_log.read_text()


def test_tf_config_is_the_operators_with_loopback_addresses(bench: Bench) -> None:
    ref = bench.submit("conf", "sh", "-c", "echo $TF_CONFIG; echo $TFJOB_KIT_PORT", workers=2)
    job = bench.wait_for(ref, "Succeeded")
    chief, port = bench.lines(ref)
    ports = {"chief-0": int(port)}
    for index in range(2):
        eventually(lambda i=index: len(bench.lines(ref, "worker", i)) == 2)
        ports[f"worker-{index}"] = int(bench.lines(ref, "worker", index)[1])
    expected = rules.tf_config(
        job, role="Chief", index=0, address_of=lambda role, index: f"127.0.0.1:{ports[f'{role}-{index}']}"
    )
    assert expected == chief


def test_one_replica_has_no_tf_config(bench: Bench) -> None:
    ref = bench.submit("alone", "sh", "-c", "echo ${TF_CONFIG-absent}")
    bench.wait_for(ref, "Succeeded")
    assert ["absent"] == bench.lines(ref)


def test_a_command_that_cannot_start_ends_with_128(bench: Bench) -> None:
    ref = bench.submit("nocmd", "/no/such/program")
    bench.wait_for(ref, "Failed")
    end = ended_with(bench.pod(ref))
    assert (128, "StartError") == (end["exitCode"], end["reason"])
    assert "/no/such/program" in end["message"]


def test_a_missing_working_directory_is_named(bench: Bench) -> None:
    ref = bench.submit("nodir", "true", workingDir="/no/such/directory")
    bench.wait_for(ref, "Failed")
    assert "/no/such/directory" in ended_with(bench.pod(ref))["message"]


def test_a_signal_reads_as_128_and_its_number(bench: Bench) -> None:
    ref = bench.submit("sig", "sh", "-c", "kill -SEGV $$$$")
    bench.wait_for(ref, "Failed")
    assert {"exitCode": 139, "reason": "Error"}.items() <= ended_with(bench.pod(ref)).items()


def test_the_termination_message_is_cut_at_4096_bytes(bench: Bench) -> None:
    script = "head -c 9000 /dev/zero | tr '\\0' x > $TFJOB_KIT_TERMINATION_LOG; exit 3"
    ref = bench.submit("message", "sh", "-c", script)
    bench.wait_for(ref, "Failed")
    assert "x" * 4096 == ended_with(bench.pod(ref))["message"]


def test_the_end_of_the_log_is_the_message_when_the_policy_says_so(bench: Bench) -> None:
    ref = bench.submit(
        "fallback", "sh", "-c", "echo last words; exit 1", terminationMessagePolicy="FallbackToLogsOnError"
    )
    bench.wait_for(ref, "Failed")
    assert "last words" == ended_with(bench.pod(ref))["message"]


def test_on_failure_restarts_in_place_and_keeps_the_earlier_log(bench: Bench) -> None:
    script = "echo run $(ls | wc -l); touch x$(ls | wc -l); [ $(ls | wc -l) -ge 2 ]"
    volume = {"volumes": [{"name": "v", "emptyDir": {}}]}
    ref = bench.submit(
        "again",
        "sh",
        "-c",
        script,
        policy="OnFailure",
        pod_spec=volume,
        volumeMounts=[{"name": "v", "mountPath": "/v"}],
        workingDir="/v",
    )
    bench.wait_for(ref, "Succeeded")
    pod = bench.pod(ref)
    assert pod is not None
    status = pod["status"]["containerStatuses"][0]
    assert (1, 1) == (status["restartCount"], status["lastState"]["terminated"]["exitCode"])
    assert (["run 1"], ["run 0"]) == (bench.lines(ref), bench.lines(ref, previous=True))


def test_exit_code_policy_recreates_the_pod_with_its_port_and_its_disk(bench: Bench) -> None:
    script = (
        "echo $TFJOB_KIT_PORT $HOSTNAME; if [ -e /proc/self/cwd/done ]; then exit 0; fi; touch done; exit 143"
    )
    ref = bench.submit(
        "code",
        "sh",
        "-c",
        script,
        policy="ExitCode",
        pod_spec={"volumes": [{"name": "v", "emptyDir": {}}]},
        volumeMounts=[{"name": "v", "mountPath": "/out"}],
        workingDir="/out",
    )
    bench.wait_for(ref, "Succeeded")
    assert bench.lines(ref) == bench.lines(ref, previous=True)
    assert "TFJobRestarting" in bench.reasons(ref)


def test_a_permanent_exit_code_fails_the_job(bench: Bench) -> None:
    ref = bench.submit("perm", "sh", "-c", "exit 3", policy="ExitCode")
    bench.wait_for(ref, "Failed")
    assert 3 == ended_with(bench.pod(ref))["exitCode"]


def test_survivors_end_when_the_job_ends(bench: Bench) -> None:
    script = "case $HOSTNAME in *chief*) exit 1;; *) exec sleep 600;; esac"
    ref = bench.submit("clean", "sh", "-c", script, workers=1, run_policy={"cleanPodPolicy": "Running"})
    bench.wait_for(ref, "Failed")
    eventually(lambda: not bench.processes(ref), what="the worker ends")
    eventually(lambda: ["clean-chief-0"] == [p["metadata"]["name"] for p in bench.engine.pods(ref)])


def test_a_deadline_ends_the_job(bench: Bench) -> None:
    policy = {"activeDeadlineSeconds": 1, "cleanPodPolicy": "Running"}
    ref = bench.submit("late", *STAY, run_policy=policy)
    job = bench.wait_for(ref, "Failed")
    assert "deadline" in job["status"]["conditions"][-1]["message"]
    eventually(lambda: not bench.processes(ref), what="its replicas end")


def test_an_expired_job_is_swept_by_any_reader(bench: Bench) -> None:
    ref = bench.submit("brief", "true", run_policy={"ttlSecondsAfterFinished": 1})
    eventually(lambda: [] == bench.engine.list(namespace="default"), what="the job is removed")
    with pytest.raises(errors.JobNotFound):
        bench.engine.get(ref)


def test_suspension_ends_the_pods_and_resumption_starts_new_ones(bench: Bench) -> None:
    ref = bench.submit("pause", *STAY, workers=1)
    bench.wait_for(ref, "Running")
    first = bench.pod(ref)
    bench.engine.patch(ref, {"spec": {"runPolicy": {"suspend": True}}})
    bench.wait_for(ref, "Suspended")
    eventually(lambda: [] == bench.engine.pods(ref) and not bench.processes(ref), what="no pods")
    bench.engine.patch(
        ref, {"spec": {"runPolicy": {"suspend": False}, "tfReplicaSpecs": {"Worker": {"replicas": 2}}}}
    )
    bench.wait_for(ref, "Running")
    eventually(lambda: 3 == len(bench.processes(ref)), what="three replicas")
    assert first is not None
    again = bench.pod(ref)
    assert again is not None
    assert first["metadata"]["uid"] != again["metadata"]["uid"]


def test_a_suspended_job_without_keeper_is_resumed_by_another(bench: Bench) -> None:
    ref = bench.submit("sleeper", "sh", "-c", "echo done", run_policy={"suspend": True})
    bench.wait_for(ref, "Suspended")

    os.kill(bench.keeper(ref), signal.SIGKILL)
    eventually(lambda: not caretaker.has_keeper(bench.dir(ref)), what="the keeper is gone")
    assert "Suspended" == bench.condition(ref)
    bench.engine.patch(ref, {"spec": {"runPolicy": {"suspend": False}}})
    bench.wait_for(ref, "Succeeded")


def test_a_variable_of_the_shell_reaches_replicas_and_no_file(make_bench: Callable[..., Bench]) -> None:
    shell = {**os.environ, "TOKEN": "t0p-s3cret"}
    reference = {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "hub", "key": "token"}}}
    bench = make_bench(environ=shell)
    ref = bench.submit("job", "sh", "-c", 'echo "${#TOKEN}"', env=[reference])
    bench.wait_for(ref, "Succeeded")
    assert ["10"] == bench.lines(ref)
    assert "FromThisShell" in bench.reasons(ref)
    files = [file for file in bench.state.rglob("*") if file.is_file()]
    assert not [file for file in files if b"t0p-s3cret" in file.read_bytes()]


def test_a_job_that_starts_in_another_shell_needs_it_there(
    make_bench: Callable[..., Bench],
) -> None:
    reference = {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "hub", "key": "token"}}}
    bench = make_bench(environ={**os.environ, "TOKEN": "a"})
    ref = bench.submit("job", "sh", "-c", 'echo "$TOKEN"', env=[reference], run_policy={"suspend": True})
    bench.wait_for(ref, "Suspended")
    os.kill(bench.keeper(ref), signal.SIGKILL)
    eventually(lambda: not caretaker.has_keeper(bench.dir(ref)), what="the keeper has gone")
    resume = {"spec": {"runPolicy": {"suspend": False}}}
    without = {name: value for name, value in os.environ.items() if name != "TOKEN"}
    with pytest.raises(errors.RefusedError, match="no `TOKEN` is exported here"):
        make_bench(environ=without).engine.patch(ref, resume)
    other = make_bench(environ={**without, "TOKEN": "b"})
    other.engine.patch(ref, resume)
    other.wait_for(ref, "Succeeded")
    assert ["b"] == other.lines(ref)


def test_a_job_can_be_suspended_whatever_has_become_of_the_machine(bench: Bench) -> None:
    disk = bench.state.parent / "disk"
    disk.mkdir()
    ref = bench.submit(
        "pause",
        *STAY,
        pod_spec={"volumes": [{"name": "v", "hostPath": {"path": str(disk)}}]},
        volumeMounts=[{"name": "v", "mountPath": "/v"}],
    )
    bench.wait_for(ref, "Running")
    disk.rmdir()
    bench.engine.patch(ref, {"spec": {"runPolicy": {"suspend": True}}})
    bench.wait_for(ref, "Suspended")
    with pytest.raises(errors.ClusterError, match="it cannot change"):
        bench.engine.patch(ref, {"spec": {"runPolicy": {"managedBy": "kubeflow.org/training-operator"}}})


def test_deletion_gives_replicas_their_grace_and_removes_everything(bench: Bench) -> None:
    note = bench.state.parent / "note"
    script = f"trap 'echo saved > {note}; exit 0' TERM; echo up; while :; do sleep 0.05; done"
    ref = bench.submit("gone", "sh", "-c", script, grace=30)
    eventually(lambda: bench.printed(ref, "up"))
    bench.engine.delete(ref)
    with pytest.raises(errors.JobNotFound):
        bench.engine.get(ref)
    eventually(lambda: not bench.dir(ref).path.exists(), what="the directory is removed")
    assert "saved\n" == note.read_text()
    with pytest.raises(errors.JobNotFound):
        bench.engine.delete(ref)


def test_a_replica_that_will_not_end_is_killed_after_its_grace(bench: Bench) -> None:
    ref = bench.submit("stubborn", "sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.05; done", grace=1)
    eventually(lambda: bench.printed(ref, "up"))
    processes = bench.processes(ref)
    bench.engine.delete(ref)
    eventually(lambda: not bench.dir(ref).path.exists(), what="the directory is removed")
    assert processes


def test_the_same_name_can_be_used_again_while_the_old_job_ends(bench: Bench) -> None:
    ref = bench.submit(
        "same", "sh", "-c", "trap 'sleep 0.5; exit 0' TERM; echo up; while :; do sleep 0.05; done"
    )
    eventually(lambda: bench.printed(ref, "up"))
    bench.engine.delete(ref)
    bench.submit("same", "sh", "-c", "echo second")
    bench.wait_for(ref, "Succeeded")
    assert ["second"] == bench.lines(ref)


def test_a_job_cancelled_while_it_starts_leaves_nothing(bench: Bench) -> None:
    for number in range(3):
        ref = bench.submit(f"early-{number}", *STAY, workers=1)
        bench.engine.delete(ref)
        eventually(lambda ref=ref: not bench.dir(ref).path.exists(), what="the directory is removed")


def test_a_log_is_followed_to_its_end(bench: Bench) -> None:
    ref = bench.submit("talk", "sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.2; done; printf unfinished")
    eventually(lambda: bench.printed(ref, "1"))
    assert ["1", "2", "3", "unfinished"] == bench.lines(ref, follow=True)
    assert ["3", "unfinished"] == bench.lines(ref, tail=2)
    entries = list(bench.engine.logs(PodRef(job=ref, role="chief", index=0)))
    assert ["3", "unfinished"] == bench.lines(ref, since=entries[1].time)


def test_variables_and_arguments_are_expanded_as_the_kubelet_does(bench: Bench) -> None:
    code = "import sys, os; print(sys.argv[1:], os.environ['B'], os.environ['WHO'])"
    ref = bench.submit(
        "expand",
        "python",
        "-c",
        code,
        args=["$(A)", "$$(A)", "$(NO)"],
        env=[
            {"name": "A", "value": "1"},
            {"name": "B", "value": "$(A)-$$(A)"},
            {"name": "WHO", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        ],
    )
    bench.wait_for(ref, "Succeeded")
    assert ["['1', '$(A)', '$(NO)'] 1-$(A) expand-chief-0"] == bench.lines(ref)


def test_python_is_the_one_that_submitted(bench: Bench) -> None:
    ref = bench.submit("which", "python", "-c", "import sys; print(sys.executable)")
    bench.wait_for(ref, "Succeeded")
    assert [sys.executable] == bench.lines(ref)


def test_volumes_are_directories_of_this_machine(bench: Bench) -> None:
    code = "import os; print(os.environ['TFJOB_KIT_MOUNTS'])"
    host = bench.state.parent
    ref = bench.submit(
        "disk",
        "python",
        "-c",
        code,
        pod_spec={
            "volumes": [
                {"name": "e", "emptyDir": {}},
                {"name": "h", "hostPath": {"path": str(host)}},
                {"name": "c", "persistentVolumeClaim": {"claimName": "data"}},
                {"name": "s", "emptyDir": {"medium": "Memory"}},
            ]
        },
        volumeMounts=[
            {"name": "e", "mountPath": "/e"},
            {"name": "h", "mountPath": "/h", "subPath": "sub"},
            {"name": "c", "mountPath": "/c"},
            {"name": "s", "mountPath": "/dev/shm"},
        ],
    )
    bench.wait_for(ref, "Succeeded")
    expected = {
        "/e": str(bench.dir(ref).path / "volumes" / "disk-chief-0" / "e"),
        "/h": str(host / "sub"),
        "/c": str(bench.state / "claims" / "default" / "data"),
        "/dev/shm": "/dev/shm",
    }
    assert expected == json.loads(bench.lines(ref)[0])
    assert "ClaimIsDirectory" in bench.reasons(ref)


def test_a_dry_run_checks_and_writes_nothing(bench: Bench) -> None:
    stored = bench.engine.create(make_job("dry", "true"), dry_run=True)
    assert "default" == stored["metadata"]["namespace"]
    with pytest.raises(errors.JobNotFound):
        bench.engine.get(JobRef(namespace="default", name="dry"))
