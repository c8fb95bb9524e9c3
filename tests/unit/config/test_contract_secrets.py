"""What comes out of the environment stays in that of the pods: in no label, annotation or message."""

from pathlib import Path

import pytest
import yaml

from tfjob_kit.cli.__main__ import main

SECRET = "hunter2-that-nobody-may-read"


def metadata(value: object) -> list[object]:
    """Every `metadata` in a manifest."""
    if isinstance(value, list):
        return [found for item in value for found in metadata(item)]
    if not isinstance(value, dict):
        return []
    own = [value["metadata"]] if "metadata" in value else []
    return own + [found for item in value.values() for found in metadata(item)]


def test_a_resolved_secret_is_in_no_label_annotation_or_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MY_TOKEN", SECRET)
    assert 0 == main(["render", "+env.TOKEN=${oc.env:MY_TOKEN}", "--name", "x", "gpus=2"])
    said = capsys.readouterr()
    assert SECRET not in said.err
    assert SECRET in said.out, "the pods do get it"
    found = [part for document in yaml.safe_load_all(said.out) for part in metadata(document)]
    assert found
    assert SECRET not in str(found)


def test_a_secret_that_its_field_does_not_take_is_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MY_TOKEN", SECRET)
    assert 2 == main(["render", "train.steps=${oc.env:MY_TOKEN}", "--name", "x"])
    assert SECRET not in capsys.readouterr().err
