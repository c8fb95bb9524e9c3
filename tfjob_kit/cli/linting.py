"""`lint`: what is wrong with TFJobs in files, or with the job of a config."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfjob_kit import errors
from tfjob_kit.cli import console, options

if TYPE_CHECKING:
    from tfjob_kit.lint.files import FileReport
    from tfjob_kit.lint.forms import Entry

__all__ = ["lint"]

_STDIN = "-"
_SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True, kw_only=True)
class _Found:
    """What there is to report."""

    entries: tuple[Entry, ...]
    jobs: int
    skipped: tuple[str, ...] = ()


def lint(
    targets: options.FilesOrOverrides = None,
    fix: options.Fix = False,
    strict: options.Strict = False,
    name: options.NewName = None,
    conf_dir: options.ConfDir = None,
    output: options.Findings = "text",
) -> int:
    """Find mistakes in TFJobs before they are sent; no cluster is asked.

    FILE is YAML or JSON with TFJobs, made by tfjob-kit or not; `-` reads standard input. KEY=VALUE are
    overrides: then the job of the config is linted, as `render` would print it.

    Exit code 3 where there are errors. `# tfjob-kit: ignore RULE: reason` on a line or above it, or the
    config's `lint.ignore`, suppresses a finding.
    """
    files, overrides = _sort(targets or [])
    if files:
        if name is not None:
            raise errors.UsageError("`--name` is for the job of a config, a file has its own names")
        found = _lint_files(files, fix=fix)
    else:
        if fix:
            raise errors.UsageError(
                "`--fix` writes files; the job of a config is made from its keys",
                hint="each finding's `fix:` says which key to change",
            )
        found = _lint_config(overrides, name=name, conf_dir=conf_dir)
    _show(found, output)
    return _exit_code(found.entries, strict=strict)


def _sort(targets: Sequence[str]) -> tuple[list[str], list[str]]:
    """Files and overrides; one of the two is empty."""
    overrides = [target for target in targets if "=" in target or not _is_file(target)]
    files = [target for target in targets if target not in overrides]
    if files and overrides:
        raise errors.UsageError(
            f"`{files[0]}` is a file and `{overrides[0]}` an override: a command lints the one or the other",
            hint=f"`tfjob-kit lint {' '.join(files)}`, then `tfjob-kit lint {' '.join(overrides)}`",
        )
    return files, overrides


def _is_file(target: str) -> bool:
    path = Path(target)
    if target == _STDIN or path.is_file() or path.is_fifo() or path.is_char_device():
        return True
    if path.is_dir():
        raise errors.UsageError(
            f"`{target}` is a folder", hint=f"name its files: `tfjob-kit lint {target.rstrip('/')}/*.yaml`"
        )
    if path.suffix in _SUFFIXES:
        raise errors.UsageError(f"there is no file `{target}`")
    return False


# --- files ---------------------------------------------------------------------------------------


def _lint_files(files: Sequence[str], *, fix: bool) -> _Found:
    from tfjob_kit.lint.files import lint_text
    from tfjob_kit.lint.forms import entries_of_file

    if fix and _STDIN in files:
        raise errors.UsageError(
            "`--fix` cannot write standard input back", hint="write it to a file and name that"
        )
    texts = {file: _read(file) for file in dict.fromkeys(files)}
    if fix:
        texts = {file: _fix(file, text) for file, text in texts.items()}
    reports = [lint_text(text, shown=_shown(file)) for file, text in texts.items()]
    for report in reports:
        _say_skipped(report)
    return _Found(
        entries=tuple(entry for report in reports for entry in entries_of_file(report)),
        jobs=sum(report.jobs for report in reports),
        skipped=tuple(f"{report.shown}: {what}" for report in reports for what in report.skipped),
    )


def _read(file: str) -> str:
    try:
        data = sys.stdin.buffer.read() if file == _STDIN else Path(file).read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise errors.ConfigError(f"the file cannot be read: {error.strerror}", where=file) from error
    except UnicodeDecodeError as error:
        raise errors.ConfigError(
            "the file is not UTF-8 text", where=_shown(file), hint="save it in UTF-8"
        ) from error


def _fix(file: str, text: str) -> str:
    from tfjob_kit.lint.files import rewrite_text

    made = rewrite_text(text, shown=file)
    if made.text != text:
        _write(Path(file), made.text)
    for each in made.fixed:
        console.say(f"fixed {file}:{each.line}:{each.column} {each.finding.rule}: {each.finding.what}")
    if not made.fixed:
        console.say(f"{file}: nothing that can be fixed mechanically")
    return made.text


def _write(path: Path, text: str) -> None:
    try:
        begins = path.read_bytes()[:3]
        path.write_bytes((b"\xef\xbb\xbf" if begins == b"\xef\xbb\xbf" else b"") + text.encode())
    except OSError as error:
        raise errors.ConfigError(f"the file cannot be written: {error.strerror}", where=str(path)) from error


def _say_skipped(report: FileReport) -> None:
    if report.skipped:
        shown = ", ".join(report.skipped[:3]) + (", ..." if len(report.skipped) > 3 else "")
        console.say(f"{report.shown}: skipped {shown}")
    if not report.jobs:
        console.say(f"{report.shown}: no TFJob in it")


def _shown(file: str) -> str:
    return "<stdin>" if file == _STDIN else file


# --- config --------------------------------------------------------------------------------------


def _lint_config(overrides: Sequence[str], *, name: str | None, conf_dir: Path | None) -> _Found:
    from tfjob_kit.cli import prepare
    from tfjob_kit.lint.forms import entries_of_config

    made = prepare.prepare(overrides, name=name, namespace=None, conf_dir=conf_dir, force=True)
    return _Found(entries=entries_of_config(made.findings, job=made.plan.name), jobs=1)


# --- report --------------------------------------------------------------------------------------


def _show(found: _Found, output: str) -> None:
    from tfjob_kit.lint import forms

    if output == "json":
        console.put_json(forms.findings_dict(found.entries, jobs=found.jobs, skipped=found.skipped))
    elif output == "sarif":
        import tfjob_kit

        console.put_json(forms.sarif_log(found.entries, version=tfjob_kit.__version__))
    elif output == "github":
        for line in forms.workflow_commands(found.entries):
            console.put(line)
    else:
        from tfjob_kit.cli import lint_screen

        console.put(lint_screen.findings_text(found.entries, jobs=found.jobs))


def _exit_code(entries: Sequence[Entry], *, strict: bool) -> int:
    counted = {"error", "warning"} if strict else {"error"}
    active = (entry.finding for entry in entries if entry.finding.ignored is None)
    has_any = any(finding.severity.value in counted for finding in active)
    return errors.RefusedError.exit_code if has_any else 0
