"""What a cluster forbids or takes away while a job is followed, on the real operator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from harness.api import wait_until
from harness.drive import Drive
from harness.plane import Plane
from scenes import Scene, expected_replica, expected_view, has_ended, make_job

from tfjob_kit import errors
from tfjob_kit.cluster import kube, port
from tfjob_kit.jobs import read_job

pytestmark = pytest.mark.cluster

_NOTHING = {"node": None, "run": None, "started": None}
_POLICIES = "/apis/admissionregistration.k8s.io/v1"


def test_a_quota_that_is_used_up_is_said_and_the_job_runs_once_there_is_room(
    scene: Scene, drive: Drive
) -> None:
    quotas = f"/api/v1/namespaces/{drive.namespace}/resourcequotas"
    quota = {"metadata": {"name": "team"}, "spec": {"hard": {"requests.nvidia.com/gpu": "1"}}}
    drive.api.request("POST", quotas, quota)
    wait_until(lambda: drive.api.request("GET", f"{quotas}/team")["status"].get("hard"))
    scene.begin(make_job(roles={"Worker": 2}))
    scene.until_notice("team")
    first = expected_replica(scene.ref, "worker-0")
    missing = expected_replica(scene.ref, "worker-1", "Missing", **_NOTHING)
    # The operator does not write a status before all pods are there: its condition Created is missing too.
    untold = {"state": "Pending", "reason": None, "message": None, "started": None}
    assert expected_view(scene.ref, replicas=(first, missing), **untold) == scene.view()
    drive.api.request("DELETE", f"{quotas}/team")
    drive.wait_running("job", 2)
    scene.until_state("Running")
    drive.exit("job-worker-1", 0)
    drive.exit("job-worker-0", 0)
    told = scene.end()
    assert ["Running", "Succeeded"] == told.states
    quota_used = "worker-1 waits: the quota team allows 1 nvidia.com/gpu, of which 1 used: 1 more asked"
    assert [quota_used] == told.notices


def test_the_operators_webhook_refuses_a_change_and_its_words_are_passed_on(
    scene: Scene, drive: Drive
) -> None:
    scene.cluster.create(make_job())
    template = make_job()["spec"]["tfReplicaSpecs"]["Chief"]["template"]
    template["spec"]["containers"][0]["name"] = "main"
    with pytest.raises(errors.ClusterError) as caught:
        scene.cluster.patch(scene.ref, {"spec": {"tfReplicaSpecs": {"Chief": {"template": template}}}})
    assert "must have at least one container with name tensorflow" in caught.value.message


@pytest.fixture
def policy(fakes: Plane, ns: str) -> Iterator[str]:
    """A rule of the platform for this test's namespace."""
    rule = {
        "matchConstraints": {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": ns}},
            "resourceRules": [
                {
                    "apiGroups": ["kubeflow.org"],
                    "apiVersions": ["v1"],
                    "operations": ["CREATE"],
                    "resources": ["tfjobs"],
                }
            ],
        },
        "validations": [{"expression": "has(object.metadata.labels)", "message": "a job names its team"}],
    }
    binding = {"policyName": ns, "validationActions": ["Deny"]}
    paths = {"validatingadmissionpolicies": rule, "validatingadmissionpolicybindings": binding}
    for path, spec in paths.items():
        fakes.req("POST", f"{_POLICIES}/{path}", {"metadata": {"name": ns}, "spec": spec})
    yield ns
    for path in paths:
        fakes.req("DELETE", f"{_POLICIES}/{path}/{ns}")


def test_a_rule_of_the_platform_refuses_a_job_and_nothing_is_there(policy: str, scene: Scene) -> None:
    def refusal() -> errors.ClusterError | None:
        try:
            scene.cluster.create(make_job(), dry_run=True)
        except errors.ClusterError as error:
            return error
        return None

    wait_until(refusal)  # a policy takes effect a moment after it is stored
    with pytest.raises(errors.ClusterError) as caught:
        scene.cluster.create(make_job())
    assert "a job names its team" in caught.value.message
    assert not caught.value.retryable
    assert [] == scene.cluster.list(namespace=policy)


@pytest.fixture
def connect_as(fakes: Plane, ns: str) -> Callable[..., port.Cluster]:
    """The cluster as somebody sees it who has these rules in this namespace."""

    def connect(user: str, rules: list[dict[str, Any]]) -> port.Cluster:
        rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}"
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": user}
        subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}
        fakes.req("POST", f"{rbac}/roles", {"metadata": {"name": user}, "rules": rules})
        binding = {"metadata": {"name": user}, "roleRef": role, "subjects": [subject]}
        fakes.req("POST", f"{rbac}/rolebindings", binding)
        kubeconfig = fakes.user_kubeconfig(user, namespace=ns)
        return kube.connect(kubeconfig=kubeconfig, environ={})

    return connect


def _rule(group: str, *resources: str) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": list(resources), "verbs": ["*"]}


def test_without_the_right_to_read_lines_a_job_is_followed_all_the_same(
    connect_as: Callable[..., port.Cluster], drive: Drive
) -> None:
    limited = connect_as("reader", [_rule("kubeflow.org", "tfjobs"), _rule("", "pods", "events")])
    scene = Scene(limited, drive)
    scene.begin(make_job())
    drive.wait_running("job", 2)
    scene.until_state("Running")
    scene.until_notice("pods/log")
    chief = port.PodRef(job=scene.ref, role="chief", index=0)
    with pytest.raises(errors.NotAllowed, match="pods/log"):
        list(limited.logs(chief))
    drive.exit("job-worker-0", 0)
    drive.exit("job-chief-0", 0)
    told = scene.end()
    assert ["Running", "Succeeded"] == told.states
    assert {} == told.lines
    assert 1 == len(told.notices)
    done = (expected_replica(scene.ref, name, **has_ended(0)) for name in ("chief-0", "worker-0"))
    assert expected_view(scene.ref, state="Succeeded", replicas=tuple(done)) == scene.view()


def test_without_the_right_to_read_events_that_is_said_once(
    connect_as: Callable[..., port.Cluster], drive: Drive
) -> None:
    limited = connect_as("silent", [_rule("kubeflow.org", "tfjobs"), _rule("", "pods", "pods/log")])
    scene = Scene(limited, drive)
    scene.begin(make_job())
    drive.wait_running("job", 2)
    scene.until_notice("you may not read events here")
    drive.write("job-chief-0", "hello")
    drive.exit("job-worker-0", 0)
    drive.exit("job-chief-0", 0)
    told = scene.end()
    assert {"chief-0": ["hello"]} == told.lines
    assert 1 == len(told.notices)
    assert ("events",) == read_job(limited, scene.ref).withheld


def test_without_any_right_the_verb_and_the_way_out_are_named(
    connect_as: Callable[..., port.Cluster], ns: str
) -> None:
    nobody = connect_as("nobody", [])
    with pytest.raises(errors.NotAllowed) as caught:
        nobody.list(namespace=ns)
    assert "list" in caught.value.message
    assert "tfjobs" in caught.value.message
    assert "auth can-i" in (caught.value.hint or "")


def test_a_name_that_another_job_has_is_refused_and_that_job_stays(scene: Scene) -> None:
    first = scene.cluster.create(make_job())
    other = make_job(gpus=2)
    other["metadata"]["annotations"][port.SUBMISSION_ANNOTATION] = "another"
    with pytest.raises(errors.JobExists) as caught:
        scene.cluster.create(other)
    assert caught.value.existing is not None
    assert first["metadata"]["uid"] == caught.value.existing["metadata"]["uid"]
    assert first["spec"] == scene.cluster.get(scene.ref)["spec"]


def test_a_namespace_that_is_deleted_ends_the_stream_and_is_named(scene: Scene, drive: Drive) -> None:
    scene.begin(make_job())
    drive.wait_running("job", 2)
    scene.until_state("Running")
    drive.write("job-chief-0", "last words")
    drive.api.request("DELETE", f"/api/v1/namespaces/{drive.namespace}")
    told = scene.end()
    assert told.finished is not None
    assert ("Deleted", 103) == (told.finished.state, told.finished.verdict.exit_code)
    assert f"namespace {drive.namespace}" in told.finished.verdict.summary
    assert {"chief-0": ["last words"]} == told.lines


def test_a_finished_job_that_is_removed_while_it_is_followed_has_ended_well(
    scene: Scene, drive: Drive
) -> None:
    scene.begin(make_job(ttlSecondsAfterFinished=0))
    drive.wait_running("job", 2)
    scene.until_state("Running")
    drive.write("job-chief-0", "last words")
    drive.exit("job-worker-0", 0)
    drive.exit("job-chief-0", 0)
    told = scene.end()
    assert told.finished is not None
    assert ("Succeeded", 0) == (told.finished.state, told.finished.verdict.exit_code)
    assert ["Running", "Succeeded"] == told.states
    assert {"chief-0": ["last words"]} == told.lines
    wait_until(lambda: scene.cluster.list(namespace=drive.namespace), lambda jobs: [] == jobs)
    with pytest.raises(errors.JobNotFound):
        scene.cluster.get(scene.ref)
