"""The config that a job carries, read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfjob_kit import config, contract, errors
from tfjob_kit.cluster.local.processes.environment import expand
from tfjob_kit.jobs.job_config import config_text, plain_config, read_config, shown_config
from tfjob_kit.plan.environment import escape, unescape

from .planned import planned_job

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
OVERRIDES = ("gpus=2x4", r"+env.A='$(HOME) \${x} $$5'", "+job.labels.team=a")


def with_config(text: str | None) -> dict[str, Any]:
    job = planned_job("gpus=1")
    container = job["spec"]["tfReplicaSpecs"]["Chief"]["template"]["spec"]["containers"][0]
    container["env"] = [e for e in container["env"] if e["name"] != contract.CONFIG_ENV]
    if text is not None:
        container["env"].append({"name": contract.CONFIG_ENV, "value": text})
    return job


def test_the_config_is_the_one_that_was_composed() -> None:
    composed = config.compose(["model=digits_cnn", *OVERRIDES]).config
    job = planned_job(*OVERRIDES)
    assert composed == read_config(job)
    assert config.to_yaml(composed) == config_text(job)
    assert "2x4" == plain_config(job)["gpus"]


def test_what_is_shown_composes_back(tmp_path: Path) -> None:
    shown = config.show(shown_config(planned_job(*OVERRIDES)))
    (tmp_path / "config.yaml").write_text(shown)
    assert read_config(planned_job(*OVERRIDES)) == config.compose([], conf_dir=tmp_path).config


@UNHURRIED
@given(st.text(alphabet="$(a) ", max_size=12))
def test_what_is_written_for_the_kubelet_reads_back(text: str) -> None:
    assert text == unescape(escape(text))
    assert text == expand(escape(text), {"a": "expanded"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "train carries no config of tfjob-kit"),
        ("[", "cannot be read by this version of tfjob-kit"),
        ("- a", "it is no mapping"),
        ("gpus: 1\nfuture: 2\n", "unknown key: future"),
    ],
)
def test_a_config_that_cannot_be_read_is_named(text: str | None, message: str) -> None:
    with pytest.raises(errors.RefusedError) as caught:
        read_config(with_config(text))
    assert message in caught.value.message
    assert caught.value.hint
