"""RunConfig as plain data and back, as a replica reads it."""

import pytest

from tfjob_kit.config import plain, schema


def test_a_config_survives_as_plain_data() -> None:
    run = schema.RunConfig(
        gpus=schema.Size(replicas=2, per_replica=4, type="A100"),
        volumes={"d": schema.VolumeConfig(claim="c", mount_path="/d")},
        command=["a"],
        model=schema.ModelConfig(params={"a": [1, {"b": None}]}),
    )
    assert plain.from_plain(plain.to_plain(run)) == run


def test_a_whole_number_may_stand_for_a_float() -> None:
    assert plain.from_plain({"gpu_memory": {"fraction": 1}}).gpu_memory.fraction == 1.0


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"gpuz": 1}, "unknown key: gpuz"),
        ({"gpus": "two"}, "not a size: 'two'"),
        ({"train": 3}, "expected a mapping, got 3"),
        ({"command": "python"}, "expected a list, got 'python'"),
        ({"train": {"steps": "four"}}, "expected int, got 'four'"),
        ({"train": {"precision": "half"}}, "'half' is not a valid Precision"),
    ],
)
def test_what_is_no_config_is_refused(data: dict[str, object], message: str) -> None:
    with pytest.raises((ValueError, TypeError)) as caught:
        plain.from_plain(data)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "replicas", "per_replica", "kind"),
    [
        ("4", 4, 1, None),
        ("0", 0, 0, None),
        ("2x4", 2, 4, None),
        ("1x4", 1, 4, None),
        ("A100:4", 4, 1, "A100"),
        ("A100-80GB:2x4", 2, 4, "A100-80GB"),
        ("mig-1g.10gb:2", 2, 1, "mig-1g.10gb"),
    ],
)
def test_a_size_is_read_and_written(text: str, replicas: int, per_replica: int, kind: str | None) -> None:
    size = plain.parse_size(text)
    assert size == schema.Size(replicas=replicas, per_replica=per_replica, type=kind)
    assert str(plain.format_size(size)) == text


@pytest.mark.parametrize(
    "text", ["", "two", "-3", "1.5", "2by4", "0x4", "2x0", ":4", "A100:", "4x", "٤", "1" * 10]
)
def test_what_is_no_size_is_none(text: str) -> None:
    assert plain.parse_size(text) is None


def test_what_nobody_set_is_left_out_and_filled_in_again() -> None:
    run = schema.RunConfig(
        job=schema.JobConfig(ttl=None),
        volumes={"data": schema.VolumeConfig(mount_path="/data", claim="c")},
    )
    brief = plain.without_unset(run)
    assert brief["volumes"] == {
        "data": {
            "mount_path": "/data",
            "claim": "c",
            "empty_dir": False,
            "in_memory": False,
            "read_only": False,
        }
    }
    assert (None, "queue" in brief["job"], "overlay" in brief) == (brief["job"]["ttl"], False, False)
    assert plain.with_defaults(brief | {"later": 1}) == plain.to_plain(run) | {"later": 1}
