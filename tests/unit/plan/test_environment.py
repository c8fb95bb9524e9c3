from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfjob_kit import errors
from tfjob_kit.config import schema
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
