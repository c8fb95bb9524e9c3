"""Every rule with its examples, as the docs show them."""

from __future__ import annotations

import copy

import pytest

from tfjob_kit import errors, lint
from tfjob_kit.lint.edits import apply_edits
from tfjob_kit.lint.examples import SOUND_JOB, example_excerpt, make_example
from tfjob_kit.lint.files import lint_text
from tfjob_kit.lint.rules import GROUPS, RULES
from tfjob_kit.manifest import dump

ISTIO = "sidecar.istio.io/inject"


def found(rule: str, changes: dict[str, object]) -> list[lint.Finding]:
    example = make_example(changes)
    return [each for each in lint.lint_job(example.job, others=example.others) if each.rule == rule]


def test_nothing_is_found_in_the_sound_job() -> None:
    assert () == lint.lint_job(SOUND_JOB)


@pytest.mark.parametrize("rule", RULES)
def test_the_bad_example_is_found_and_the_good_one_is_not(rule: str) -> None:
    assert [] == found(rule, RULES[rule].good)
    bad = found(rule, RULES[rule].bad)
    assert {RULES[rule].severity} == {finding.severity for finding in bad}


@pytest.mark.parametrize("rule", RULES)
def test_the_mechanical_fix_puts_the_bad_example_right_and_brings_nothing_new(rule: str) -> None:
    example = make_example(RULES[rule].bad)
    before = lint.lint_job(example.job, others=example.others)
    edits = [edit for finding in before if finding.rule == rule for edit in finding.edits]
    if edits:
        fixed = lint.lint_job(apply_edits(example.job, edits), others=example.others)
        known = {finding.rule for finding in before} - {rule}
        assert set() == {finding.rule for finding in fixed} - known


def test_rules_have_mechanical_fixes_where_one_value_is_right() -> None:
    fixable = {rule for rule in RULES if any(each.edits for each in found(rule, RULES[rule].bad))}
    assert fixable >= {
        "clean-policy-unknown",
        "port-unnamed",
        "restart-always",
        "tf-config-set",
        "gpu-amount",
    }
    # What a job may need on purpose, a person changes.
    assert fixable.isdisjoint({"token-mounted", "host-path", "restart-never", "plain-sidecar", "name-dns"})


@pytest.mark.parametrize("rule", RULES)
def test_the_texts_of_a_rule_are_sentences_without_full_stop(rule: str) -> None:
    data, texts = RULES[rule], [each.what for each in found(rule, RULES[rule].bad)]
    for text in (data.title, data.fix, data.source, *texts, *([data.key_fix] if data.key_fix else [])):
        assert text.strip() == text
        assert text
        assert not text.endswith(".")


def test_an_excerpt_holds_what_the_example_changes() -> None:
    assert example_excerpt({"main.ports": [1], "policy.suspend": True, "policy.backoffLimit": None}) == {
        "spec": {
            "tfReplicaSpecs": {
                "Worker": {"template": {"spec": {"containers": [{"name": "tensorflow", "ports": [1]}]}}}
            },
            "runPolicy": {"suspend": True},
        }
    }


def test_ids_are_unique() -> None:
    assert sum(map(len, GROUPS.values())) == len(RULES)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule != "too-large"])
def test_a_job_as_text_has_the_findings_of_its_data(rule: str) -> None:
    example = make_example(RULES[rule].bad)
    report = lint_text(dump(example.job, "yaml"), shown="job.yaml")
    expected = sorted((each.rule, each.what) for each in lint.lint_job(example.job))
    got = sorted((each.finding.rule, each.finding.what) for each in report.findings)
    assert expected == got


# --- beyond one example -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "changes", "count"),
    [
        ("restart-never", {"each.restartPolicy": "Never", "roles.Worker": None}, 0),
        ("backoff-one-incident", {"policy.backoffLimit": 5}, 0),
        ("no-replicas", {"roles.Chief.replicas": 0}, 1),
        ("no-replicas", {"roles.Worker.replicas": -1}, 1),
        ("clean-none", {"policy.cleanPodPolicy": "None", "policy.ttlSecondsAfterFinished": 600}, 0),
        ("dns-policy", {"pod.hostNetwork": True}, 2),
        ("dns-policy", {"pod.hostNetwork": True, "pod.dnsPolicy": "ClusterFirstWithHostNet"}, 0),
        ("gpu-amount", {"main.resources": {"limits": {"nvidia.com/gpu": "0.5"}}}, 2),
        ("gpu-amount", {"main.resources": {"limits": {"nvidia.com/gpu": -1}}}, 2),
        ("gpu-amount", {"main.resources": {"limits": {"nvidia.com/gpu": "1"}}}, 0),
        ("gpu-amount", {"main.resources": {"requests": {"a/b": 1}, "limits": {"a/b": 2}}}, 2),
        ("role-twice", {"roles.CHIEF": {"replicas": 1}}, 1),
        ("chief-and-master", {"roles.master": {"replicas": 1}}, 1),
        ("unknown-role", {"roles.chief": {"replicas": 1}, "roles.Chief": None}, 0),
        ("istio-injection", {"podmeta.labels": None, "podmeta.annotations": {ISTIO: "false"}}, 0),
        ("secret-as-text", {"main.env": [{"name": "API_KEY", "value": "$(FROM_A_SECRET)"}]}, 0),
        ("secret-as-text", {"main.env": [{"name": "TOKENIZER", "value": "wordpiece"}]}, 0),
        ("secret-as-text", {"main.args": ["--api-key=not-a-real-key"]}, 2),
        ("image-latest", {"main.image": "registry.example.com:5000/train"}, 2),
        ("no-lasting-volume", {"main.volumeMounts": [], "main.args": ["--dir=gs://bucket/run"]}, 0),
        ("malformed", {"podmeta.labels": {"version": 1.1}}, 2),
        ("malformed", {"roles.Worker.replicas": True}, 1),
        ("malformed", {"metadata.labels": {"team": None}}, 1),
        ("malformed", {"roles.Worker.replicas": None}, 0),
        ("unknown-field", {"pod.affinity": {"podAntiAfinity": {}}}, 2),
        ("quantity", {"main.resources": {"limits": {"memory": "-1Gi"}}}, 2),
    ],
)
def test_the_edges_of_a_rule(rule: str, changes: dict[str, object], count: int) -> None:
    assert count == len(found(rule, changes))


def test_the_longest_service_decides_about_a_name() -> None:
    name = "n" * 54
    assert [] == found("name-too-long", {"metadata.name": name, "roles.Worker.replicas": 10})
    assert 1 == len(found("name-too-long", {"metadata.name": name, "roles.Worker.replicas": 11}))


# --- suppression --------------------------------------------------------------------------------


def test_what_the_config_inside_a_job_suppresses_is_marked_with_its_reason() -> None:
    job = copy.deepcopy(SOUND_JOB)
    job["spec"]["runPolicy"]["cleanPodPolicy"] = "All"
    entry = {"name": "TFJOB_KIT_CONFIG", "value": "lint: {ignore: {clean-all: logs cost $$(5) elsewhere}}\n"}
    for role in job["spec"]["tfReplicaSpecs"].values():
        role["template"]["spec"]["containers"][0]["env"] = [entry]
    assert [("clean-all", "logs cost $(5) elsewhere")] == [(f.rule, f.ignored) for f in lint.lint_job(job)]
    assert [("clean-all", None)] == [(f.rule, f.ignored) for f in lint.lint_job(job, ignored={})]


def test_an_error_that_is_suppressed_stops_nothing() -> None:
    job = make_example({"each.restartPolicy": "Always"}).job
    with pytest.raises(errors.RefusedError) as caught:
        lint.refuse_errors(lint.lint_job(job))
    assert "spec.tfReplicaSpecs.Chief.restartPolicy" == caught.value.where
    assert caught.value.message.endswith("(and 1 more)")
    lint.refuse_errors(lint.lint_job(job, ignored={"restart-always": "it is a server"}))
