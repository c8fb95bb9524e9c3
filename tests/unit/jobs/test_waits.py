"""Why replicas wait: the real messages of scheduler, API server and kubelet, and what a person is told.

Messages as a kube-apiserver, kube-scheduler and training-operator of the versions under test wrote them;
those marked `older` and those of gang schedulers and Kueue as their sources have them.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tfjob_kit.jobs.replica_view import ContainerEnd
from tfjob_kit.jobs.view import EventView, JobView, build_view
from tfjob_kit.jobs.waits import find_waits, is_untouched

from .conftest import make_job

NOT_HELPFUL = (
    " no new claims to deallocate, preemption: 0/3 nodes are available: "
    "3 Preemption is not helpful for scheduling."
)
NO_VICTIMS = (
    " no new claims to deallocate, preemption: 0/3 nodes are available: "
    "3 No preemption victims found for incoming pod."
)


def view_of(*replicas: dict[str, Any], events: tuple[EventView, ...] = (), **job: Any) -> JobView:
    """A job whose replicas differ from fresh ones in these fields."""
    view = build_view(make_job())
    changed = [dataclasses.replace(r, **change) for r, change in zip(view.replicas, replicas, strict=True)]
    return dataclasses.replace(view, replicas=tuple(changed), events=events, **job)


def event(
    reason: str, message: str, *, about: str = "digits", time: str = "2026-01-01T00:00:00Z"
) -> EventView:
    return EventView(time=time, type="Warning", reason=reason, message=message, about=about)


def sentences(view: JobView) -> list[str]:
    return [wait.sentence for wait in find_waits(view)]


def unplaced(message: str, **more: Any) -> dict[str, Any]:
    return {"state": "Pending", "reason": "Unschedulable", "message": message, **more}


@pytest.mark.parametrize(
    ("message", "more", "says"),
    [
        (
            "0/3 nodes are available: 3 Insufficient nvidia.com/gpu." + NO_VICTIMS,
            {},
            "2 GPUs short: no node has nvidia.com/gpu free",
        ),
        (
            "0/3 nodes are available: 3 Insufficient nvidia.com/gpu." + NO_VICTIMS,
            {"gpus": 4},
            "8 GPUs short: no node has 4 nvidia.com/gpu free",
        ),
        (
            "0/3 nodes are available: 3 Insufficient nvidia.com/gpu." + NOT_HELPFUL,
            {"gpus": 6},
            "no node is large enough: a replica asks for 6 nvidia.com/gpu",
        ),
        (
            "0/3 nodes are available: 3 Insufficient nvidia.com/gpu." + NOT_HELPFUL,
            {},
            "no node has any nvidia.com/gpu",
        ),
        (
            "0/3 nodes are available: 3 Insufficient memory." + NO_VICTIMS,
            {},
            "no node has enough memory free",
        ),
        (
            "0/3 nodes are available: 3 Insufficient memory." + NOT_HELPFUL,
            {},
            "no node is large enough: a replica asks for 16Gi of memory",
        ),
        (
            "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector." + NOT_HELPFUL,
            {"selector": {"nvidia.com/gpu.product": "NVIDIA-H100"}},
            "no node has the label nvidia.com/gpu.product=NVIDIA-H100",
        ),
        (
            "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector." + NOT_HELPFUL,
            {},
            "no node matches the node affinity asked for",
        ),
        (
            "0/3 nodes are available: 3 node(s) had untolerated taint(s)." + NOT_HELPFUL,
            {},
            "every node has a taint that is not tolerated",
        ),
        (  # older
            "0/3 nodes are available: 3 node(s) had untolerated taint {team: vision}. preemption: 0/3 nodes "
            "are available: 3 Preemption is not helpful for scheduling.",
            {},
            "every node has a taint that is not tolerated (team: vision)",
        ),
        (
            "0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient nvidia.com/gpu. no new "
            "claims to deallocate, preemption: 0/3 nodes are available: 1 Preemption is not helpful for "
            "scheduling, 2 No preemption victims found for incoming pod.",
            {"gpus": 4},
            "8 GPUs short: of 3 nodes 1 is cordoned and 2 have fewer than 4 nvidia.com/gpu free",
        ),
        (
            "0/5 nodes are available: 1 node(s) had untolerated taint "
            "{node-role.kubernetes.io/control-plane: }, 2 Insufficient cpu, 2 node(s) didn't match Pod's "
            "node affinity/selector. preemption: 0/5 nodes are available: 2 No preemption victims found for "
            "incoming pod, 3 Preemption is not helpful.",
            {"selector": {"a": "b"}},
            "of 5 nodes 1 has a taint that is not tolerated (node-role.kubernetes.io/control-plane), 2 lack "
            "cpu and 2 lack the labels asked for",
        ),
        (
            "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules." + NO_VICTIMS,
            {},
            "every node that would do has a replica of the job, and they must be apart",
        ),
        (
            "0/3 nodes are available: 3 node(s) didn't have free ports for the requested pod ports."
            + NO_VICTIMS,
            {},
            "on every node another pod has the ports that the job needs of it",
        ),
        (
            "0/3 nodes are available: 1 Insufficient nvidia.com/gpu, 2 node(s) didn't match pod affinity "
            "rules." + NO_VICTIMS,
            {},
            "2 GPUs short: of 3 nodes 1 has no nvidia.com/gpu free and 2 are not where the other replicas "
            "must be",
        ),
        (
            "0/3 nodes are available: 1 node(s) didn't match pod topology spread constraints, 2 node(s) were "
            "unschedulable." + NO_VICTIMS,
            {},
            "of 3 nodes 1 would have too many replicas and 2 are cordoned",
        ),
        (
            '0/3 nodes are available: persistentvolumeclaim "data" not found. not found',
            {},
            "the PersistentVolumeClaim data does not exist",
        ),
        (
            "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found",
            {},
            "the PersistentVolumeClaim is not bound to a volume yet",
        ),
        (
            "0/3 nodes are available: 3 node(s) had volume node affinity conflict." + NOT_HELPFUL,
            {},
            "the volume can be mounted on other nodes only",
        ),
        (
            "no nodes available to schedule pods",
            {},
            "the scheduler says: no nodes available to schedule pods",
        ),
        (  # coscheduling of scheduler-plugins
            "0/3 nodes are available: 3 pre-filter pod digits-worker-0 cannot find enough sibling pods, "
            "current pods number: 2, minMember of group: 4.",
            {},
            "all replicas start together or none, and 2 of 4 are there",
        ),
        (  # Volcano
            "pod group is not ready, 2 Pending, 2 minAvailable; Pending: 2 Unschedulable",
            {},
            "all replicas start together or none: pod group is not ready, 2 Pending, 2 minAvailable; "
            "Pending: 2 Unschedulable",
        ),
    ],
)
def test_what_the_scheduler_says(message: str, more: dict[str, Any], says: str) -> None:
    view = view_of(unplaced(message, **more), unplaced(message, **more))
    assert [f"all 2 replicas wait: {says}"] == sentences(view)


REFUSED_POD = 'Error creating: pods "digits-worker-0" is forbidden: '


@pytest.mark.parametrize(
    ("message", "says", "fix"),
    [
        (
            REFUSED_POD + "exceeded quota: q, requested: requests.nvidia.com/gpu=1, used: "
            "requests.nvidia.com/gpu=2, limited: requests.nvidia.com/gpu=2",
            "the quota q allows 2 nvidia.com/gpu, of which 2 used: 1 more asked",
            "describe resourcequota q",
        ),
        (
            REFUSED_POD + "failed quota: q: must specify requests.cpu for: tensorflow; requests.memory for: "
            "tensorflow",
            "the quota q wants requests.cpu and requests.memory given",
            "resources.cpu",
        ),
        (
            REFUSED_POD + 'violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false '
            '(container "tensorflow" must set securityContext.allowPrivilegeEscalation=false), runAsNonRoot '
            '!= true (pod or container "tensorflow" must set securityContext.runAsNonRoot=true)',
            "the namespace takes pods of the security level restricted alone: allowPrivilegeEscalation != "
            "false, runAsNonRoot != true",
            "overlay",
        ),
        (
            REFUSED_POD + "maximum memory usage per Container is 512Mi, but limit is 1Gi",
            "a LimitRange of the namespace forbids it: maximum memory usage per Container is 512Mi, but "
            "limit is 1Gi",
            "resources",
        ),
        (
            REFUSED_POD + 'error looking up service account team/nobody: serviceaccount "nobody" not found',
            "the ServiceAccount nobody does not exist",
            "placement.service_account",
        ),
        (
            REFUSED_POD + "no PriorityClass with name nosuch was found",
            "the PriorityClass nosuch does not exist",
            "job.priority_class",
        ),
        (
            'Error creating: admission webhook "policy.example" denied the request: images need a digest',
            "the webhook policy.example refuses its pods: images need a digest",
            "",
        ),
        (
            'Error creating: Pod "digits-chief-0" is invalid: spec.restartPolicy: Unsupported value: "Nevr": '
            'supported values: "Always", "OnFailure", "Never"',
            'the API server refuses its pods: spec.restartPolicy: Unsupported value: "Nevr": supported '
            'values: "Always", "OnFailure", "Never"',
            "",
        ),
    ],
)
def test_what_the_api_server_says_when_it_refuses_pods(message: str, says: str, fix: str) -> None:
    view = view_of({"state": "Running"}, {}, events=(event("FailedCreatePod", message),))
    (wait,) = find_waits(view)
    assert f"worker-0 waits: {says}" == wait.sentence
    assert "refused" == wait.reason.kind
    assert fix in (wait.reason.fix or "")


@pytest.mark.parametrize(
    ("reason", "message", "warning", "says"),
    [
        (
            "ImagePullBackOff",
            'Back-off pulling image "r.example/t:1": ErrImagePull: rpc error: code = NotFound desc = failed '
            'to pull and unpack image "r.example/t:1": r.example/t:1: not found',
            None,
            "the image r.example/t:1 cannot be pulled: the registry does not have it",
        ),
        (
            "ImagePullBackOff",
            'Back-off pulling image "r.example/t:1"',
            event("Failed", 'Failed to pull image "r.example/t:1": 401 Unauthorized', about="worker-0"),
            "the image r.example/t:1 cannot be pulled: the registry wants credentials",
        ),
        (
            "ErrImagePull",
            'failed to pull image "r.example/t:1": dial tcp: lookup r.example: no such host',
            None,
            "the image r.example/t:1 cannot be pulled: the node cannot reach the registry",
        ),
        ("ImagePullBackOff", "", None, "its image cannot be pulled"),
        (
            "InvalidImageName",
            'Failed to apply default image tag "T:1": couldn\'t parse image name "T:1"',
            None,
            "its image has a name that is not valid",
        ),
        (
            "ErrImageNeverPull",
            'Container image "local/t:1" is not present with pull policy of Never',
            None,
            "the image local/t:1 is not on the node, and `site.image_pull_policy` is Never",
        ),
        ("CreateContainerConfigError", 'secret "wandb" not found', None, "the Secret wandb does not exist"),
        (
            "CreateContainerConfigError",
            "couldn't find key token in Secret team/wandb",
            None,
            "the Secret wandb has no key token",
        ),
        (
            "ContainerCreating",
            None,
            event(
                "FailedMount",
                'MountVolume.SetUp failed for volume "code" : configmap "c" not found',
                about="worker-0",
            ),
            "the ConfigMap c does not exist",
        ),
        (
            "ContainerCreating",
            None,
            event(
                "FailedMount",
                'MountVolume.SetUp failed for volume "data" : mount failed: exit status 32',
                about="worker-0",
            ),
            "its volume data cannot be mounted: mount failed: exit status 32",
        ),
        (
            "ContainerCreating",
            None,
            event(
                "FailedAttachVolume",
                'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) digits-chief-0',
                about="worker-0",
            ),
            "its volume is attached to another node and can be on one at a time (ReadWriteOnce)",
        ),
        (
            "ContainerCreating",
            None,
            event("FailedCreatePodSandBox", "Failed to create pod sandbox: no IP left", about="worker-0"),
            "its node cannot set up the pod: Failed to create pod sandbox: no IP left",
        ),
        (
            "RunContainerError",
            'exec: "trainn": executable file not found in $PATH',
            None,
            'its command cannot be started: exec: "trainn": executable file not found in $PATH',
        ),
    ],
)
def test_what_the_kubelet_says(
    reason: str, message: str | None, warning: EventView | None, says: str
) -> None:
    waiting = {"state": "Pending", "reason": reason, "message": message, "node": "gpu-0"}
    view = view_of({"state": "Running"}, waiting, events=(warning,) if warning else ())
    assert [f"worker-0 waits: {says}"] == sentences(view)


@pytest.mark.parametrize(
    ("reason", "message", "warning", "fix"),
    [
        ("CreateContainerConfigError", 'secret "wandb" not found', None, "`env_from`: `kubectl get secrets`"),
        (
            "CreateContainerConfigError",
            "couldn't find key token in ConfigMap team/net",
            None,
            "`env_from`: `kubectl describe configmap net`",
        ),
        (
            "ContainerCreating",
            None,
            event(
                "FailedMount",
                'MountVolume.SetUp failed for volume "keys" : secret "keys" not found',
                about="worker-0",
            ),
            "`volumes`: `kubectl get secrets`",
        ),
    ],
)
def test_what_the_cluster_has_not_comes_with_the_key_that_names_it(
    reason: str, message: str | None, warning: EventView | None, fix: str
) -> None:
    waiting = {"state": "Pending", "reason": reason, "message": message, "node": "gpu-0"}
    view = view_of({"state": "Running"}, waiting, events=(warning,) if warning else ())
    (wait,) = find_waits(view)
    assert (wait.reason.fix or "").endswith(fix)


def test_a_container_that_ends_again_and_again_waits() -> None:
    end = ContainerEnd(exit_code=1, reason="Error", message=None, termination=None, time=None)
    waiting = {"state": "Restarting", "reason": "CrashLoopBackOff", "node": "gpu-0", "last_end": end}
    (said,) = sentences(view_of({"state": "Running"}, waiting))
    assert "worker-0 waits: its container ended with exit code 1, again and again" in said


def test_replicas_that_wait_for_different_reasons_get_a_line_each() -> None:
    view = view_of(
        unplaced("0/3 nodes are available: 3 Insufficient nvidia.com/gpu." + NO_VICTIMS),
        {"state": "Pending", "reason": "SchedulingGated", "message": "Scheduling is blocked"},
    )
    assert [
        "chief-0 waits: 1 GPU short: no node has nvidia.com/gpu free",
        "worker-0 waits: a scheduling gate holds it back, as Kueue sets one until the job is admitted",
    ] == sentences(view)


def test_a_pod_that_was_just_made_waits_for_nothing() -> None:
    fresh = {"state": "Pending", "reason": "ContainerCreating", "node": "gpu-0"}
    assert [] == sentences(view_of(fresh, {"state": "Missing"}))


def test_a_refusal_that_is_over_holds_up_nobody() -> None:
    refused = event(
        "FailedCreatePod", REFUSED_POD + "exceeded quota: q, requested: a=1, used: a=1, limited: a=1"
    )
    assert [] == sentences(view_of({"state": "Running"}, {"state": "Running"}, events=(refused,)))


def test_the_newest_refusal_counts() -> None:
    old = event("FailedCreatePod", REFUSED_POD + "no PriorityClass with name a was found")
    new = event(
        "FailedCreatePod",
        REFUSED_POD + "no PriorityClass with name b was found",
        time="2026-01-01T00:00:09Z",
    )
    (said,) = sentences(view_of({}, {}, events=(new, old)))
    assert "all 2 replicas wait: the PriorityClass b does not exist" == said


@pytest.mark.parametrize(
    ("events", "says"),
    [
        ((), "it is in the queue team-a and not admitted yet"),
        (
            (event("CreatedWorkload", "Created Workload: team/tfjob-digits-1a2b3"),),
            "it is in the queue team-a and not admitted yet",
        ),
        (
            (event("Stopped", "Preempted to accommodate a workload of higher priority"),),
            "it is in the queue team-a and not admitted yet: Preempted to accommodate a workload of higher "
            "priority",
        ),
    ],
)
def test_a_job_in_a_queue_waits_as_a_whole(events: tuple[EventView, ...], says: str) -> None:
    (wait,) = find_waits(view_of({}, {}, state="Suspended", queue="team-a", events=events))
    assert f"the job waits: {says}" == wait.sentence
    assert "queued" == wait.reason.kind
    assert wait.reason.fix


@pytest.mark.parametrize("state", ["Succeeded", "Failed", "Suspended"])
def test_a_job_that_is_over_or_suspended_waits_for_nothing(state: str) -> None:
    view = view_of({"state": "Missing"}, unplaced("no nodes available to schedule pods"), state=state)
    assert () == find_waits(view)


def test_a_job_that_nobody_has_taken_up_is_told_from_one_whose_pods_are_refused() -> None:
    assert is_untouched(view_of({}, {}))
    refused = event("FailedCreatePod", REFUSED_POD + "no PriorityClass with name a was found")
    assert not is_untouched(view_of({}, {}, events=(refused,)))
    assert not is_untouched(view_of({}, {"state": "Pending"}))
    assert not is_untouched(view_of({}, {}, state="Created"))
    assert not is_untouched(view_of({}, {}, queue="team-a"))
