"""TFJobs in texts: YAML and JSON with line and column, suppressing comments, fixes that keep the layout.

Owns reading and rewriting texts; opens no file. Must not know single rules.
"""

from __future__ import annotations

from tfjob_kit.lint.files.report import FileReport, Located, lint_text
from tfjob_kit.lint.files.rewriting import Rewritten, rewrite_text

__all__ = ["FileReport", "Located", "Rewritten", "lint_text", "rewrite_text"]
