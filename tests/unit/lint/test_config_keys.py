"""A finding in a job of a config names the key that it comes from, and where that has its value."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfjob_kit import config, errors, lint, manifest, plan


def found(*overrides: str, cwd: Path) -> list[lint.Finding]:
    composed = config.compose(overrides, cwd=cwd)
    job = manifest.build_tfjob(plan.make_plan(composed.config, name="job", suffix=""))
    findings, overlay = lint.lint_job(job), composed.config.overlay
    return list(lint.name_keys(findings, manifest=job, sources=composed.sources, overlay=overlay))


@pytest.mark.parametrize(
    ("overrides", "rule", "key"),
    [
        (["job.restart_policy=Always"], "restart-always", "job.restart_policy"),
        (["job.clean_pod_policy=All"], "clean-all", "job.clean_pod_policy"),
        (["job.backoff_limit=3"], "backoff-exit-code", "job.backoff_limit"),
        (["job.ttl=30"], "ttl-short", "job.ttl"),
        (["job.ttl=null"], "ttl-unset", "job.ttl"),
        (["job.deadline=2h"], "deadline-quiet", "job.deadline"),
        (["job.queue=q", "job.suspend=true"], "queue-suspend", "job.suspend"),
        (["resources.shared_memory=16Gi"], "shm-exceeds-memory", "resources.shared_memory"),
        (["gpus=2", "resources.shared_memory=0"], "no-shm", "resources.shared_memory"),
        (["+volumes.d={mount_path: /d, host_path: /d}"], "host-path", "volumes.d.host_path"),
        (["+communication.env.NCCL_ALGO=Ring"], "nccl-fixed", "communication.env.NCCL_ALGO"),
        (["+env.API_KEY=not-a-real-key"], "secret-as-text", "env.API_KEY"),
        (["site.image=train:latest"], "image-latest", "site.image"),
        (["communication.host_network=true"], "host-namespaces", "communication.host_network"),
        (["gpus=2", "+overlay.all.spec.dnsPolicy=Default"], "dns-policy", "overlay.all.spec.dnsPolicy"),
        (["+overlay.chief.spec.hostIPC=true"], "host-namespaces", "overlay.chief.spec.hostIPC"),
    ],
)
def test_a_finding_names_the_key_that_was_set_and_the_override(
    tmp_path: Path, overrides: list[str], rule: str, key: str
) -> None:
    (finding,) = (each for each in found(*overrides, cwd=tmp_path) if each.rule == rule)
    assert key == finding.key
    assert finding.source is not None
    number, total = len(overrides), len(overrides)
    assert f"{key} (override {number} of {total}: {overrides[-1]})" == finding.where


def test_chief_and_workers_make_one_finding_of_one_key(tmp_path: Path) -> None:
    findings = found("gpus=4", "job.restart_policy=Never", cwd=tmp_path)
    assert 1 == [each.rule for each in findings].count("restart-never")


def test_a_value_of_a_file_and_a_default_are_named_as_such(tmp_path: Path) -> None:
    where = {each.rule: each.where for each in found("gpus=1", cwd=tmp_path)}
    assert "output.claim (default)" == where["no-lasting-volume"]
    assert where["image-tag"].startswith("site.image (conf/site/default.yaml:")


def test_a_fix_speaks_of_keys_and_that_of_an_overlay_of_the_manifest(tmp_path: Path) -> None:
    findings = found(
        "gpus=2", "job.clean_pod_policy=All", "+overlay.all.spec.dnsPolicy=Default", cwd=tmp_path
    )
    fixes = {each.rule: each.fix for each in findings}
    assert "use `job.clean_pod_policy=Running`" == fixes["clean-all"]
    assert "write `dnsPolicy: ClusterFirst`" == fixes["dns-policy"]


def test_a_reason_of_the_config_must_name_a_rule_and_say_something(tmp_path: Path) -> None:
    composed = config.compose(["+lint.ignore.host-pth=ours"], cwd=tmp_path)
    with pytest.raises(errors.UnknownChoice) as caught:
        lint.check_ignored(composed.config.lint.ignore, sources=composed.sources)
    assert ("host-path",) == caught.value.nearest[:1]
    assert caught.value.where == "override 1 of 1: +lint.ignore.host-pth=ours"
