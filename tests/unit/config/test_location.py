"""Errors about a key, raised where no places are known, and what people read in the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfjob_kit import config, errors


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A project with a site of its own."""
    (tmp_path / "conf/site").mkdir(parents=True)
    (tmp_path / "conf/site/ours.yaml").write_text(
        "image: ours\ngpu_types:\n  A100:\n    resource: example.com/gpu\n"
    )
    return tmp_path


def located(
    folder: Path, *overrides: str, where: str, hint: str | None = None
) -> tuple[str | None, str | None, str | None]:
    """Where, source and hint of an error about the key."""
    error = errors.RefusedError("no", where=where, hint=hint)
    config.locate(error, config.compose([*overrides, "site=ours"], cwd=folder).sources)
    return error.where, error.source, error.hint


@pytest.mark.parametrize(
    ("override", "where", "expected", "column"),
    [
        ("gpus=A10:2", "gpus", "override 1 of 2: gpus=A10:2", 5),
        (
            "+volumes.d={claim: a, mount_path: x}",
            "volumes.d.mount_path",
            "volumes.d.mount_path, override 1 of 2: +volumes.d={claim: a, mount_path: x}",
            34,
        ),
        ("train.steps=7", "train.seed", "train.seed", None),
        ("+volumes.d.claim=a", "volumes.d", "volumes.d, override 1 of 2: +volumes.d.claim=a", None),
        (
            "+volumes.d.claim=a",
            "volumes.d.mount_path",
            "volumes.d.mount_path, override 1 of 2: +volumes.d.claim=a",
            None,
        ),
        ("gpus=1", "site.tolerations[0]", "site.tolerations[0]", None),
        ("gpus=1", "metadata.name", "metadata.name", None),
    ],
)
def test_an_error_about_a_key_names_the_override_that_says_it(
    site: Path, override: str, where: str, expected: str, column: int | None
) -> None:
    found, source, _ = located(site, override, where=where)
    assert expected == found
    assert (None if column is None else f"{override}\n{' ' * column}^") == source


def test_an_error_about_a_key_of_a_file_names_its_line(site: Path) -> None:
    where, source, _ = located(site, where="site.gpu_types.A100.resource")
    assert "site.gpu_types.A100.resource, conf/site/ours.yaml:4:15" == where
    assert source is not None
    assert source.splitlines()[0].strip() == "resource: example.com/gpu"


def test_a_hint_names_the_file_of_a_key(site: Path) -> None:
    _, _, hint = located(site, where="gpus", hint="`site.gpu_types` has A100; `site.env` none; `a=b`, `x.y`")
    file = "conf/site/ours.yaml"
    assert f"`site.gpu_types` ({file}:4) has A100; `site.env` ({file}) none; `a=b`, `x.y`" == hint


def test_what_is_no_key_stays_as_it_is(site: Path) -> None:
    for where in ("override 3 of 3: x", "conf/a.yaml:3:1", "volumes.[", "pod/a"):
        assert (where, None, None) == located(site, where=where)
