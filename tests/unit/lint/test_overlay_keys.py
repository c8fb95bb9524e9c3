"""Findings in what an overlay wrote name the overlay's key and where it has its value."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfjob_kit import lint, manifest, plan
from tfjob_kit.config import compose

OVERLAY = """
all:
  spec:
    containers:
      - name: tensorflow
        image: mine
"""


@pytest.mark.parametrize(
    ("overrides", "places"),
    [
        ([], [("overlay.all.spec.containers[0].image", "conf/config.yaml:6")]),
        (
            ["+overlay.worker.spec.containers=[{name: tensorflow, image: other}]"],
            [
                ("overlay.all.spec.containers[0].image", "conf/config.yaml:6"),
                ("overlay.worker.spec.containers[0].image", "override 2 of 2"),
            ],
        ),
        (
            ["overlay.all.spec.containers[0].image=a:1", "site.image=b"],
            [],
        ),
    ],
)
def test_a_finding_leads_to_the_overlay(
    overrides: list[str], places: list[tuple[str, str]], tmp_path: Path
) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "config.yaml").write_text(f"overlay:{OVERLAY.replace(chr(10), chr(10) + '  ')}")
    composed = compose(["gpus=2", *overrides], cwd=tmp_path)
    job = manifest.build_tfjob(plan.make_plan(composed.config, name="job", suffix="", config_yaml=""))
    found = lint.name_keys(
        lint.lint_job(job), manifest=job, sources=composed.sources, overlay=composed.config.overlay
    )
    images = [finding for finding in found if "without a tag" in finding.what]
    assert sorted(places) == sorted((f.key or "", f.source.place) for f in images if f.source is not None)
