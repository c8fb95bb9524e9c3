"""TFJOB_KIT_CONFIG, read back."""

from __future__ import annotations

import pytest

from tfjob_kit import errors
from tfjob_kit.config import plain, schema
from tfjob_kit.runtime import run_config


def test_what_the_launcher_wrote_is_read_back() -> None:
    import yaml

    config = schema.RunConfig(name="a-run", train=schema.TrainConfig(steps=7))
    text = yaml.safe_dump(plain.to_plain(config))
    assert config == run_config.read_run_config({"TFJOB_KIT_CONFIG": text})


@pytest.mark.parametrize(
    ("environ", "error", "message"),
    [
        ({}, errors.MissingValue, "TFJOB_KIT_CONFIG is not set"),
        ({"TFJOB_KIT_CONFIG": "a: ["}, errors.InvalidValue, "TFJOB_KIT_CONFIG is not YAML: "),
        ({"TFJOB_KIT_CONFIG": "- 1"}, errors.InvalidValue, "TFJOB_KIT_CONFIG is not a mapping"),
        ({"TFJOB_KIT_CONFIG": "trane: {}"}, errors.InvalidValue, "unknown key: trane"),
        ({"TFJOB_KIT_CONFIG": "train: 3"}, errors.InvalidValue, "not a config of this version"),
        ({"TFJOB_KIT_CONFIG": "train: {steps: x}"}, errors.InvalidValue, "expected int, got 'x'"),
    ],
)
def test_what_is_no_config_is_one_clear_error(environ, error, message) -> None:
    with pytest.raises(error) as caught:
        run_config.read_run_config(environ)
    assert message in caught.value.message
    assert caught.value.hint


def test_mounts_are_read_or_refused() -> None:
    assert {} == run_config.read_mounts({})
    assert {"/output": "/tmp/x"} == run_config.read_mounts({"TFJOB_KIT_MOUNTS": '{"/output": "/tmp/x"}'})
    with pytest.raises(errors.InvalidValue, match="not a JSON object"):
        run_config.read_mounts({"TFJOB_KIT_MOUNTS": "[1]"})


def test_the_digest_tells_configs_apart() -> None:
    one, other = ({"TFJOB_KIT_CONFIG": text} for text in ("a: 1", "a: 2"))
    assert run_config.config_digest(one) == run_config.config_digest(dict(one))
    assert run_config.config_digest(one) != run_config.config_digest(other)
