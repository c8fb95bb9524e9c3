"""What the lint says about the expected manifests: nothing, but where a run asks for what it warns of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfjob_kit import lint

from .conftest import MANIFESTS, read_manifest

WARNINGS = {
    "evaluator": {"clean-none", "evaluator-cleaned"},
    "host-network": {"host-namespaces"},
    "host-paths": {"host-path"},
    "protected": {"clean-all"},
    "rdma": {"rdma-memlock"},
    "restart-never": {"restart-never"},
    "volumes": {"host-path"},
}


@pytest.mark.parametrize("file", sorted(MANIFESTS.glob("*.yaml")), ids=lambda file: file.stem)
def test_the_lint_warns_of_what_was_asked_for_and_of_nothing_else(file: Path) -> None:
    findings = lint.lint_job(read_manifest(file))
    assert [] == [finding.rule for finding in findings if finding.severity is lint.Severity.error]
    told = {finding.rule for finding in findings if finding.severity is lint.Severity.warning}
    assert WARNINGS.get(file.stem, set()) == told
