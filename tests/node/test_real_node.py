"""The operator's pods run this project's runtime on a real node, and survive what happens to pods there.

Exactness is byte for byte: whatever happened on the way, the last checkpoint holds the tensors of a run that
nothing happened to.
"""

from __future__ import annotations

import re
import subprocess

import pytest
from real_node import objects
from real_node.leftovers import Traces

pytestmark = [pytest.mark.node, pytest.mark.tf]

STEPS = 1200
SIZE = ("resources.cpu=500m", "resources.memory=3Gi", "resources.shared_memory=64Mi")
RUN = (
    "model=digits_cnn",
    "gpus=2",
    f"train.steps={STEPS}",
    "train.checkpoint.every_steps=100",
    "train.checkpoint.keep=20",
    "train.progress_every=1",
    *SIZE,
)


@pytest.fixture(scope="module")
def undisturbed_kit(new_kit):
    kit = new_kit("undisturbed")
    kit.submit("undisturbed", *RUN)
    kit.succeed("wait", "undisturbed")
    return kit


@pytest.fixture(scope="module")
def undisturbed(undisturbed_kit, tensors):
    return tensors(undisturbed_kit.checkpoint("undisturbed", STEPS))


def resumed_at(log: str) -> list[int]:
    return [int(step) for step in re.findall(r"resum\w+ .*?step (\d+)", log)]


def test_chief_and_worker_train_to_the_end_over_cluster_dns(undisturbed_kit):
    kit = undisturbed_kit
    status = kit.status("undisturbed")

    assert ("Succeeded", "succeeded") == (status["state"], status["verdict"]["kind"])
    # The operator may have taken the worker's pod away: it had finished, if not as fast.
    pod = kit.pod("undisturbed", "chief-0")
    [container] = pod["spec"]["containers"]
    assert "1" == container["resources"]["limits"][objects.GPU_RESOURCE]
    names = next(each["value"] for each in container["env"] if each["name"] == "TF_CONFIG")
    for replica in ("chief-0", "worker-0"):
        assert f"undisturbed-{replica}.{kit.namespace}.svc:2222" in names
    assert "real-0" == pod["spec"]["nodeName"]
    assert "2 replicas, 1 CPU each" in kit.log("undisturbed")


@pytest.mark.parametrize("kind", ["trainer", "agent"])
@pytest.mark.parametrize("replica", ["worker-0", "chief-0"])
def test_a_killed_process_changes_no_bit_of_the_result(kit, tensors, undisturbed, replica, kind):
    kit.submit("faulty", *RUN)
    kit.wait_saved("faulty", 300)
    kit.kill("faulty", replica, kind)

    kit.succeed("wait", "faulty")

    assert min(resumed_at(kit.log("faulty")), default=0) >= 300, kit.log("faulty")
    assert undisturbed == tensors(kit.checkpoint("faulty", STEPS))


@pytest.mark.parametrize("way", ["delete", "drain"])
def test_a_drained_job_has_saved_and_its_retry_goes_on_exactly(kit, node, tensors, undisturbed, way):
    kit.submit("moved", *RUN)
    kit.wait_saved("moved", 100)
    if way == "delete":
        node.kubectl("delete", "pod", "moved-worker-0", "-n", kit.namespace, "--wait=false")
    else:
        node.kubectl("drain", "real-0", "--ignore-daemonsets", "--delete-emptydir-data")
        node.kubectl("uncordon", "real-0")

    waited = kit("wait", "moved")
    kit.wait_no_pods("moved")
    kept = kit.saved_steps("moved")
    status = kit.status("moved")

    assert 100 == waited.returncode, waited.stdout + waited.stderr
    assert ("Failed", "drained") == (status["state"], status["verdict"]["kind"]), status
    assert 100 <= kept[-1] < STEPS
    kit.succeed("retry", "moved")
    kit.succeed("wait", "moved-2")
    assert kept[-1] == resumed_at(kit.log("moved-2"))[0]
    assert undisturbed == tensors(kit.checkpoint("moved", STEPS))


def test_the_kernels_killing_for_memory_is_named(kit):
    # 75 million weights and their moments do not fit; the import of TensorFlow does.
    once = "train.restarts_without_progress=1"
    kit.submit("large", *RUN, "model.params.filters=2048", "resources.memory=900Mi", once)

    waited = kit("wait", "large")

    assert 100 == waited.returncode, waited.stdout
    status = kit.status("large")
    assert "OutOfMemory: the kernel killed the trainer (limit 900 MiB, peak" in str(status["verdict"]), status
    assert "resources.memory" in str(status["verdict"])


def test_suspended_at_a_step_and_resumed_changes_no_bit(kit, tensors, undisturbed):
    kit.submit("paused", *RUN)
    kit.wait_saved("paused", 100)

    kit.succeed("suspend", "paused")
    assert "Suspended" == kit.status("paused")["state"]
    kept = kit.saved_steps("paused")[-1]
    assert 100 <= kept < STEPS
    kit.succeed("resume", "paused")
    kit.succeed("wait", "paused")

    assert kept == resumed_at(kit.log("paused"))[0]
    assert undisturbed == tensors(kit.checkpoint("paused", STEPS))


def test_a_resized_job_goes_on_exactly_with_its_new_size(kit, tensors, undisturbed_kit):
    kit.submit("smaller", *RUN)
    kit.wait_saved("smaller", 100)

    kit.succeed("resize", "smaller", "gpus=1", "--yes")
    kit.succeed("wait", "smaller")

    [kept] = resumed_at(kit.log("smaller"))
    assert 100 <= kept < STEPS
    assert [("chief-0", 1)] == [(each["name"], each["gpus"]) for each in kit.status("smaller")["replicas"]]
    before = [step for step in kit.saved_steps("smaller") if step <= kept and step % 100 == 0]
    for step in before:
        assert tensors(undisturbed_kit.checkpoint("undisturbed", step)) == tensors(
            kit.checkpoint("smaller", step)
        )
    # One replica sums the gradients of a batch in another order than two, so that bits differ from the run of
    # two. They do not from a run that was of one replica ever since that step.
    kit.submit("small", *RUN, "gpus=1", begin=kit.checkpoint("smaller", kept))
    kit.succeed("wait", "small")
    assert [kept] == resumed_at(kit.log("small"))
    assert tensors(kit.checkpoint("small", STEPS)) == tensors(kit.checkpoint("smaller", STEPS))


def test_cancel_saves_before_it_ends(kit):
    kit.submit("leaving", *RUN, "train.steps=100000", "train.checkpoint.every_steps=100000")
    kit.wait_progress("leaving")

    kit.succeed("cancel", "leaving", "--yes")

    kit.wait_no_pods("leaving")
    assert 1 == len(kit.saved_steps("leaving"))
    assert 102 == kit("status", "leaving").returncode


def test_a_gpu_that_tensorflow_does_not_see_ends_the_job(kit):
    kit.submit("blind", *RUN, f"+job.labels.{objects.BELIEVES}=yes")

    waited = kit("wait", "blind")

    assert 100 == waited.returncode, waited.stdout
    assert "gpu_check" == kit.status("blind")["verdict"]["kind"]


def test_nothing_is_left_of_a_node_that_was_stopped(new_node):
    node = new_node()
    folder, owner = node.folder, node.addresses.owner
    assert "real-0" in node.kubectl("get", "nodes", "-o", "name")

    left = node.stop()

    assert Traces(processes=(), mounts=(), links=(), cgroups=()) == left
    assert not folder.exists()
    assert (
        ""
        == subprocess.run(["ip", "-o", "link", "show", f"tfk{owner}"], capture_output=True, text=True).stdout
    )
