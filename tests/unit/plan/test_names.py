from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfjob_kit import errors
from tfjob_kit.config import schema
from tfjob_kit.plan.names import check_name, check_namespace, generate_name, longest_name, program_name


def _roles(workers):
    return {"Chief": 1} | ({"Worker": workers} if workers else {})


@pytest.mark.parametrize(
    ("workers", "limit"), [(0, 55), (1, 54), (10, 54), (11, 53), (100, 53), (101, 52), (1001, 51)]
)
def test_the_longest_service_name_sets_the_limit(workers, limit):
    assert longest_name(_roles(workers)) == limit


def test_the_longest_name_is_taken_and_one_more_is_refused():
    assert check_name("a" * 54, roles=_roles(3)) == "a" * 54
    with pytest.raises(errors.InvalidValue, match="55 characters, this job may have 54") as caught:
        check_name("a" * 55, roles=_roles(3))
    assert caught.value.nearest == ("a" * 54,)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("Digits", "digits"),
        ("my_run", "my-run"),
        ("9lives", "run-9lives"),
        ("a-", "a"),
        ("", "run"),
        ("a.b", "a-b"),
    ],
)
def test_a_name_that_no_service_may_have_is_refused_with_one_that_may(name, nearest):
    with pytest.raises(errors.InvalidValue) as caught:
        check_name(name, roles=_roles(1))
    assert caught.value.nearest == (nearest,)
    assert check_name(nearest, roles=_roles(1)) == nearest


def test_a_name_is_made_from_the_model_and_the_suffix(make):
    assert make().name == "digits-cnn-x7k2p"
    assert make(model=schema.ModelConfig()).name == "run-x7k2p"


@pytest.mark.parametrize(
    ("command", "program"),
    [
        ([], "digits_cnn"),
        (["python", "/app/train.py"], "train"),
        (["python", "-u", "-m", "vision.train"], "vision.train"),
        (["horovodrun", "-np", "2", "python", "src/fit.py", "--epochs", "3"], "fit"),
        (["/app/train", "--epochs=3"], "train"),
        (["python", "-m"], "python"),
    ],
)
def test_an_own_program_is_called_after_its_file(command, program):
    assert program_name("digits_cnn", command=command) == program


def test_a_job_of_an_own_program_is_named_after_it(make):
    job = make(command=["python", "/app/train.py"])
    assert job.name == "train-x7k2p"
    assert job.labels["app.kubernetes.io/name"] == "train"


def test_the_given_name_wins_over_the_configs(make):
    assert make(name="from-config").name == "from-config"
    assert make(name="from-config", given="given").name == "given"


@given(model=st.text(max_size=90), workers=st.integers(0, 200))
def test_a_generated_name_always_fits(model, workers):
    roles = _roles(workers)
    name = generate_name(model, suffix="x7k2p", roles=roles)
    assert name.endswith("-x7k2p")
    assert check_name(name, roles=roles) == name


@pytest.mark.parametrize("name", ["default", "team-a", "0", "9lives", "a" * 63])
def test_a_dns_label_is_a_namespace(name):
    assert check_namespace(name) == name


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("Team_A", "team-a"), ("../../etc", "etc"), ("-", "default"), ("a" * 64, "a" * 63), ("a\n", "a")],
)
def test_anything_else_is_no_namespace(name, nearest):
    with pytest.raises(errors.InvalidValue, match="cannot be a namespace") as caught:
        check_namespace(name)
    assert (caught.value.where, caught.value.nearest) == ("site.namespace", (nearest,))
