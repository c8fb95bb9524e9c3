"""Mistakes in a TFJob that no cluster has to be asked about, found before it is sent.

Owns the rules, as data over a TFJob as the API has it, whoever wrote it; what they find in a job or in a
file, with line and column; the names of config keys for jobs that a config made; suppressions; mechanical
fixes; and findings as text, JSON, SARIF and workflow commands. Pure: texts go in, values come out; it
opens no file and asks no cluster.
Must not know engines or verbs.
"""

from __future__ import annotations

from tfjob_kit.lint.checks import check_ignored, is_tfjob, lint_job, refuse_errors
from tfjob_kit.lint.config_keys import name_keys
from tfjob_kit.lint.rule import Finding, Severity

__all__ = [
    "Finding",
    "Severity",
    "check_ignored",
    "is_tfjob",
    "lint_job",
    "name_keys",
    "refuse_errors",
]
