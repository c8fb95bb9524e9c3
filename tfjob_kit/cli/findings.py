"""What the lint has found in the job of a config, said before anything is sent."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfjob_kit import errors
from tfjob_kit.cli import console

if TYPE_CHECKING:
    from tfjob_kit.config import Composed
    from tfjob_kit.lint import Finding
    from tfjob_kit.manifest import Manifest

__all__ = ["find", "refuse", "say"]


def find(manifest: Manifest, composed: Composed) -> tuple[Finding, ...]:
    """Everything in the job, in words of the config; what the config suppresses is marked.

    Raises:
        UnknownChoice, InvalidValue: `lint.ignore` names no rule, or gives no reason.
    """
    from tfjob_kit import lint

    ignored = composed.config.lint.ignore
    lint.check_ignored(ignored, sources=composed.sources)
    found = lint.lint_job(manifest, ignored=ignored)
    overlay = composed.config.overlay
    return lint.name_keys(found, manifest=manifest, sources=composed.sources, overlay=overlay)


def say(findings: Sequence[Finding]) -> None:
    """One line on stderr for each warning, and for each error that `--force` passes over."""
    from tfjob_kit import lint

    for finding in findings:
        if finding.ignored is None and finding.severity is not lint.Severity.info:
            text = f"{finding.where}: {finding.what}; {finding.fix}"
            if finding.is_error:
                label = console.paint("error, passed over:", "red", "bold", stream=sys.stderr)
                console.say(f"{label} {text}")
            else:
                console.warn(text)


def refuse(findings: Sequence[Finding]) -> None:
    """Stops where there are errors, each said in full; warnings stand above them.

    Raises:
        RefusedError: The last of the errors.
    """
    from tfjob_kit.cli import failures

    serious = [finding for finding in findings if finding.is_error]
    if not serious:
        return
    say([finding for finding in findings if not finding.is_error])
    *others, last = [
        errors.RefusedError(each.what, where=each.where, hint=f"{each.fix}; `--force` goes on all the same")
        for each in serious
    ]
    for error in others:
        console.say(failures.render(error) + "\n")
    raise last
