from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfjob_kit import errors
from tfjob_kit.config import schema
from tfjob_kit.plan.env_references import EnvReference, EnvSource, make_env_references
from tfjob_kit.plan.environment import escape


def _expand_as_the_kubelet_does(text):
    """third_party/forked/golang/expansion/expand.go: `$$` is `$`, `$(NAME)` stays when NAME is unknown."""
    out, at = "", 0
    while at < len(text):
        pair = text[at : at + 2]
        if pair == "$$":
            out, at = out + "$", at + 2
        elif pair == "$(" and ")" in text[at:]:
            end = text.index(")", at)
            out, at = out + "<expanded>", end + 1
        else:
            out, at = out + text[at], at + 1
    return out


@given(st.text(alphabet="$()ab\n", max_size=30))
def test_every_value_arrives_as_it_was_meant(value):
    assert _expand_as_the_kubelet_does(escape(value)) == value


def test_a_reference_is_doubled_and_a_lone_dollar_left():
    assert escape("$(HOME) costs $5") == "$$(HOME) costs $5"


def test_what_the_kit_says_comes_last(make):
    job = make(2, env={"A": "1"})
    assert [name for name, _ in job.chief.env] == [
        "A",
        "TFJOB_KIT_RUN_ID",
        "TFJOB_KIT_GPUS",
        "TFJOB_KIT_CONFIG",
    ]
    values = dict(job.chief.env)
    assert values["TFJOB_KIT_GPUS"] == "1"
    assert values["TFJOB_KIT_CONFIG"] == "steps: 1\n"
    assert values["TFJOB_KIT_RUN_ID"] == f"{job.name}-{job.config_hash[:8]}"


def test_the_runs_own_variables_win_over_those_of_communication_and_site(make):
    job = make(
        env={"A": "run"},
        communication=schema.CommunicationConfig(env={"A": "communication", "B": "communication"}),
        site=schema.SiteConfig(env={"A": "site", "B": "site", "C": "site"}),
    )
    assert dict(job.chief.env) | {"A": "run", "B": "communication", "C": "site"} == dict(job.chief.env)


@pytest.mark.parametrize("name", ["TF_CONFIG", "TFJOB_KIT_RUN_ID", "TFJOB_KIT_X", "A B", "1A", "", "Ä"])
def test_names_that_are_not_the_users_are_refused(make, name):
    with pytest.raises(errors.InvalidValue) as caught:
        make(env={name: "1"})
    assert caught.value.where == f"env.{name}"


def _refer(**parts):
    return schema.EnvFromConfig(**parts)


def test_single_variables_are_references_and_never_values(make):
    job = make(
        env_from=_refer(secret_keys={"TOKEN": "hub/token"}, config_map_keys={"PROXY": "net/http.proxy"})
    )
    assert job.env_references == (
        EnvReference(variable="TOKEN", kind="Secret", name="hub", key="token"),
        EnvReference(variable="PROXY", kind="ConfigMap", name="net", key="http.proxy"),
    )
    assert {"TOKEN", "PROXY"}.isdisjoint(dict(job.chief.env))


def test_a_reference_wins_over_site_and_communication(make):
    job = make(
        env_from=_refer(secret_keys={"A": "s/a"}),
        communication=schema.CommunicationConfig(env={"A": "communication", "B": "1"}),
        site=schema.SiteConfig(env={"A": "site"}),
    )
    values = dict(job.chief.env)
    assert "A" not in values
    assert values["B"] == "1"


def test_whole_objects_come_in_the_order_in_which_later_ones_win(make):
    job = make(env_from=_refer(secrets=["s2", "s1"], config_maps=["defaults"]))
    assert job.env_sources == (
        EnvSource(kind="ConfigMap", name="defaults"),
        EnvSource(kind="Secret", name="s2"),
        EnvSource(kind="Secret", name="s1"),
    )


@pytest.mark.parametrize(
    ("parts", "where", "message"),
    [
        ({"secret_keys": {"A": "hub"}}, "env_from.secret_keys.A", "which key of the Secret"),
        ({"config_map_keys": {"A": "m/"}}, "env_from.config_map_keys.A", "`` cannot be a key of a ConfigMap"),
        ({"secret_keys": {"A": "Hub/a"}}, "env_from.secret_keys.A", "`Hub` cannot be the name of a Secret"),
        ({"secret_keys": {"A": "hub/a b"}}, "env_from.secret_keys.A", "`a b` cannot be a key"),
        ({"secret_keys": {"E": "hub/a"}}, "env_from.secret_keys.E", "set twice: in `env` too"),
        (
            {"secret_keys": {"A": "hub/a"}, "config_map_keys": {"A": "m/a"}},
            "env_from.config_map_keys.A",
            "set twice: in `env_from.secret_keys` too",
        ),
        ({"secret_keys": {"TF_CONFIG": "a/b"}}, "env_from.secret_keys.TF_CONFIG", "set by the operator"),
        ({"secret_keys": {"TFJOB_KIT_GPUS": "a/b"}}, "env_from.secret_keys.TFJOB_KIT_GPUS", "belongs to"),
        ({"config_map_keys": {"1": "a/b"}}, "env_from.config_map_keys.1", "`1` cannot name"),
        ({"secrets": ["ok", "no_no"]}, "env_from.secrets[1]", "`no_no`"),
        ({"config_maps": ["a", "a"]}, "env_from.config_maps[1]", "listed twice"),
    ],
)
def test_references_that_cannot_be_are_refused(make, parts, where, message):
    with pytest.raises(errors.InvalidValue) as caught:
        make(env={"E": "1"}, env_from=_refer(**parts))
    assert caught.value.where == where
    assert message in caught.value.message


def test_the_search_path_of_travelling_code_is_no_reference(make_config):
    config = make_config(env_from=_refer(config_map_keys={"PYTHONPATH": "m/path"}))
    assert make_env_references(config)[0].variable == "PYTHONPATH"
    with pytest.raises(errors.InvalidValue, match="code that travels"):
        make_env_references(config, is_bundled=True)
