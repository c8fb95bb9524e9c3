"""All rules over one document, and what is suppressed of what they find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from tfjob_kit import errors
from tfjob_kit.lint.edits import fits
from tfjob_kit.lint.job import Job
from tfjob_kit.lint.rule import Finding, Hit, Rule, Severity
from tfjob_kit.lint.rules import RULES
from tfjob_kit.lint.spelling import unknown_rule

if TYPE_CHECKING:
    from tfjob_kit.config import Source

__all__ = ["check_ignored", "is_tfjob", "lint_job", "refuse_errors"]

_ORDER = list(Severity)


def is_tfjob(document: object) -> bool:
    """Whether the document says that it is one, of whatever version."""
    if not isinstance(document, dict):
        return False
    fields = cast("dict[Any, Any]", document)
    version = fields.get("apiVersion")
    ours = version is None or (isinstance(version, str) and version.startswith("kubeflow.org/"))
    return fields.get("kind") == "TFJob" and ours


def lint_job(
    document: Mapping[str, Any], *, others: Sequence[Any] = (), ignored: Mapping[str, str] | None = None
) -> tuple[Finding, ...]:
    """Everything that the rules find in a TFJob, worst first; never raises.

    Args:
        document: The TFJob as the API has it, or what somebody took for one.
        others: Further documents of the same file, which some rules look at.
        ignored: Rule -> reason; None: what the kit's config inside the job says, if there is one.
    """
    job = Job(document, others=others)
    reasons = _ignored_inside(job) if ignored is None else ignored
    found = [_finding(rule, hit, document) for rule in RULES.values() for hit in rule.check(job)]
    found = [replace(each, ignored=reasons.get(each.rule)) for each in found]
    return tuple(sorted(found, key=lambda finding: _ORDER.index(finding.severity)))


def refuse_errors(findings: Sequence[Finding]) -> None:
    """Raises RefusedError for the first finding that is an error and not suppressed; its hint is the fix."""
    serious = [finding for finding in findings if finding.is_error]
    if serious:
        first, *more = serious
        rest = f" (and {len(more)} more)" if more else ""
        raise errors.RefusedError(first.what + rest, where=first.where, hint=first.fix)


def check_ignored(ignored: Mapping[str, str], *, sources: Mapping[str, Source] | None = None) -> None:
    """Whether the suppressions of a config are ones.

    Args:
        ignored: `lint.ignore`: rule -> reason.
        sources: Of `Composed`, to say where they stand.

    Raises:
        UnknownChoice: No such rule.
        InvalidValue: A suppression without a reason.
    """
    for rule, reason in ignored.items():
        key = f"lint.ignore.{rule}"
        source = (sources or {}).get(key)
        where = key if source is None else source.where
        if rule not in RULES:
            shown = None if source is None else source.under_key(("lint", "ignore", rule))
            raise unknown_rule(rule, RULES, where=where, source=shown)
        if not reason.strip():
            raise errors.InvalidValue(
                f"`{rule}` is suppressed without a reason",
                where=where,
                source=None if source is None else source.under_value(),
                hint=f'say why: `++{key}="the namespace does not enforce pod security"`',
            )


def _finding(rule: Rule, hit: Hit, document: Mapping[str, Any]) -> Finding:
    return Finding(
        rule=rule.id,
        severity=rule.severity,
        path=hit.place.path,
        what=hit.message,
        fix=hit.fix or rule.fix,
        key_fix=hit.key_fix or rule.key_fix,
        edits=hit.edits if all(fits(document, edit) for edit in hit.edits) else (),
    )


def _ignored_inside(job: Job) -> Mapping[str, str]:
    lint = job.config.get("lint")
    ignored: Any = cast("dict[str, Any]", lint).get("ignore") if isinstance(lint, dict) else None
    if not isinstance(ignored, dict):
        return {}
    pairs = cast("dict[Any, Any]", ignored).items()
    return {str(rule): reason for rule, reason in pairs if isinstance(reason, str) and reason.strip()}
