"""Findings as other programs read them: JSON, SARIF, workflow commands of GitHub.

Owns the formats. Must not know how findings come about.
"""

from __future__ import annotations

from tfjob_kit.lint.forms.entry import Entry, entries_of_config, entries_of_file
from tfjob_kit.lint.forms.plain_json import findings_dict
from tfjob_kit.lint.forms.sarif import sarif_log
from tfjob_kit.lint.forms.workflow import workflow_commands

__all__ = [
    "Entry",
    "entries_of_config",
    "entries_of_file",
    "findings_dict",
    "sarif_log",
    "workflow_commands",
]
