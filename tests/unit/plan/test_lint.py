from __future__ import annotations

import pytest

from tfjob_kit import errors, plan
from tfjob_kit.config import schema

P = schema.RestartPolicy


def _job(**parts):
    return {"job": schema.JobConfig(**parts)}


@pytest.mark.parametrize(
    ("parts", "where", "hint"),
    [
        (
            {"resources": schema.ResourcesConfig(memory="2Gi", shared_memory="2Gi")},
            "resources.shared_memory",
            "memory",
        ),
        (
            {"resources": schema.ResourcesConfig(memory="2G", shared_memory="2Gi")},
            "resources.shared_memory",
            "memory",
        ),
        (_job(backoff_limit=3), "job.backoff_limit", "OnFailure"),
        (_job(restart_policy=P.Always), "job.restart_policy", "OnFailure"),
    ],
)
def test_a_job_that_cannot_work_is_refused_with_the_way_out(make, parts, where, hint):
    with pytest.raises(errors.RefusedError) as caught:
        make(**parts)
    assert caught.value.where == where
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("parts", "rules"),
    [
        ({}, []),
        (_job(restart_policy=P.Never), ["restart-never"]),
        (_job(restart_policy=P.Never, backoff_limit=3), ["backoff-never", "restart-never"]),
        (_job(restart_policy=P.OnFailure, backoff_limit=2), ["backoff-one-incident"]),
        (_job(restart_policy=P.OnFailure, backoff_limit=7), []),
        (_job(clean_pod_policy=schema.CleanPodPolicy.All), ["clean-all"]),
        (_job(clean_pod_policy=schema.CleanPodPolicy.None_), ["clean-none"]),
        (_job(queue="research", suspend=True), ["queue-suspend"]),
        (_job(restart_policy=P.ExitCode) | {"command": ["train"]}, ["exit-code-own-command"]),
        ({"resources": schema.ResourcesConfig(shared_memory="0")}, ["no-shm"]),
        ({"volumes": {"d": schema.VolumeConfig(mount_path="/d", host_path="/d")}}, ["host-path"]),
        ({"communication": schema.CommunicationConfig(env={"NCCL_ALGO": "Ring"})}, ["nccl-fixed"]),
    ],
)
def test_what_deserves_a_warning_is_found(make, make_config, parts, rules):
    findings = plan.lint_plan(make_config(**parts), plan=make(**parts))
    assert [finding.rule for finding in findings] == rules
    assert all(finding.what and finding.fix and not finding.what.endswith(".") for finding in findings)
